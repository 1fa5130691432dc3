"""Glue jobs of the emulator: real processes with Glue's arguments, logs, limits and ends."""

import io
import json
import os
import signal
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from emulator.runtime import server_lifecycle
from tests.support.emulator.callers import make_role

BUCKET = "job-scripts"
FINAL = ("SUCCEEDED", "FAILED", "STOPPED", "TIMEOUT")


@pytest.fixture(scope="module")
def glue(aws: server_lifecycle.Server) -> Any:
    # Glue counts timeouts in whole minutes; without the SDK's check a test can ask for a second.
    return boto3.client("glue", config=Config(parameter_validation=False))


@pytest.fixture(scope="module")
def s3(aws: server_lifecycle.Server) -> Any:
    client = boto3.client("s3")
    client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": aws.region})
    return client


@pytest.fixture
def job(glue: Any, s3: Any, request: pytest.FixtureRequest) -> Callable[..., str]:
    """Makes a job of a script's text and returns its name."""

    def make(script: str, **definition: Any) -> str:
        name = request.node.name
        s3.put_object(Bucket=BUCKET, Key=f"{name}.py", Body=script.encode())
        command = {"Name": "glueetl", "ScriptLocation": f"s3://{BUCKET}/{name}.py", "PythonVersion": "3"}
        glue.create_job(**{"Name": name, "Role": make_role("r"), "Command": command, "GlueVersion": "6.0"} | definition)
        return name

    return make


def wait(glue: Any, job: str, run_id: str, *, states: tuple[str, ...] = FINAL) -> dict[str, Any]:
    while True:
        run: dict[str, Any] = glue.get_job_run(JobName=job, RunId=run_id)["JobRun"]
        if run["JobRunState"] in states:
            return run
        time.sleep(0.02)


def run(glue: Any, job: str, **request: Any) -> dict[str, Any]:
    return wait(glue, job, glue.start_job_run(JobName=job, **request)["JobRunId"])


def messages(group: str, stream: str) -> list[str]:
    events = boto3.client("logs").get_log_events(logGroupName=group, logStreamName=stream, startFromHead=True)["events"]
    return [event["message"] for event in events]


WHEEL = f"s3://{BUCKET}/shipped-1-py3-none-any.whl"


@pytest.mark.parametrize(
    "packages", [{"--extra-py-files": WHEEL}, {"--additional-python-modules": f"boto3>=1, {WHEEL}"}]
)
def test_a_job_gets_its_arguments_packages_and_endpoint(
    glue: Any, s3: Any, job: Callable[..., str], packages: dict[str, str]
) -> None:
    wheel = io.BytesIO()
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("shipped/__init__.py", "WHERE = __file__")
    s3.put_object(Bucket=BUCKET, Key="shipped-1-py3-none-any.whl", Body=wheel.getvalue())
    script = """
import json, os, sys
import boto3, shipped
account = boto3.client("sts").get_caller_identity()["Account"]
print(json.dumps([sys.argv[1:], account, __name__, os.path.basename(os.getcwd()), os.getpid() == os.getpgid(0)]))
print("to standard error", file=sys.stderr)
"""
    defaults = {"--datalake-formats": "iceberg", "--dataset": "none", "--environment": "dev"}
    name = job(script, DefaultArguments=packages | defaults)
    done = run(glue, name, Arguments={"--dataset": "sales.orders", "--text": "two words"})
    assert done["JobRunState"] == "SUCCEEDED", done
    [output] = messages("/aws-glue/jobs/output", done["Id"])
    given, account, module, folder, leads_group = json.loads(output)
    assert given == [
        *("--JOB_NAME", name, "--JOB_RUN_ID", done["Id"]),
        *("--dataset", "sales.orders", "--environment", "dev", "--text", "two words"),
    ]
    assert (account, module, folder, leads_group) == ("000000000000", "__main__", done["Id"], True)
    assert messages("/aws-glue/jobs/error", done["Id"]) == ["to standard error"]
    assert done["Arguments"] == {"--dataset": "sales.orders", "--text": "two words"}
    assert done["CompletedOn"] >= done["StartedOn"]


def test_logs_go_to_the_group_that_the_job_names(glue: Any, job: Callable[..., str]) -> None:
    name = job("print('here')", DefaultArguments={"--continuous-log-logGroup": "/lakehouse/jobs"})
    assert messages("/lakehouse/jobs", run(glue, name)["Id"]) == ["here"]


def test_a_security_configuration_is_part_of_the_log_groups_name(glue: Any, job: Callable[..., str]) -> None:
    name = job(
        "print('here')",
        Role=make_role("mover"),
        SecurityConfiguration="encrypted",
        DefaultArguments={"--custom-logGroup-prefix": "/lakehouse/dev/jobs"},
    )
    assert messages("/lakehouse/dev/jobs/encrypted-role/mover/output", run(glue, name)["Id"]) == ["here"]


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("raise ValueError('no such column')", "ValueError: no such column"),
        ("import sys; sys.exit(3)", "The job's process ended with exit code 3."),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "The job's process was killed by SIGKILL."),
        ("def broken(:", "SyntaxError: invalid syntax"),
    ],
)
def test_a_failed_run_says_why(glue: Any, job: Callable[..., str], script: str, message: str) -> None:
    done = run(glue, job(script))
    assert (done["JobRunState"], done["ErrorMessage"]) == ("FAILED", message)


def test_a_script_that_is_missing_fails_by_name(glue: Any, s3: Any, job: Callable[..., str]) -> None:
    name = job("")
    s3.delete_object(Bucket=BUCKET, Key=f"{name}.py")
    assert f"s3://{BUCKET}/{name}.py does not exist" in run(glue, name)["ErrorMessage"]


def test_a_module_that_is_not_installed_fails_by_name(glue: Any, job: Callable[..., str]) -> None:
    name = job("", DefaultArguments={"--additional-python-modules": "boto3==0.1"})
    assert "names boto3==0.1; the environment of the emulator has 1." in run(glue, name)["ErrorMessage"]


def test_the_traceback_is_the_scripts_own(glue: Any, job: Callable[..., str]) -> None:
    done = run(glue, job("def f():\n    raise KeyError('k')\nf()"))
    lines = messages("/aws-glue/jobs/error", done["Id"])
    assert lines[0] == "Traceback (most recent call last):"
    assert not [line for line in lines if "launcher" in line]


def test_a_run_stops_at_its_timeout(glue: Any, job: Callable[..., str]) -> None:
    name = job("import time; time.sleep(60)")
    done = run(glue, name, Timeout=0.01)
    assert done["JobRunState"] == "TIMEOUT"
    assert "timeout of 0.01 minutes" in done["ErrorMessage"]


def test_stop_kills_the_process_and_what_it_started(glue: Any, job: Callable[..., str], tmp_path: Path) -> None:
    marks = tmp_path / "pids"
    script = f"""
import os, subprocess, time
child = subprocess.Popen(["sleep", "60"])
with open({str(marks)!r} + ".new", "w") as file:
    file.write(f"{{os.getpid()}} {{child.pid}}")
os.rename({str(marks)!r} + ".new", {str(marks)!r})
print("working")
time.sleep(60)
"""
    name = job(script)
    run_id = glue.start_job_run(JobName=name)["JobRunId"]
    while not marks.exists():
        time.sleep(0.02)
    answer = glue.batch_stop_job_run(JobName=name, JobRunIds=[run_id, "jr_unknown"])
    assert [stopped["JobRunId"] for stopped in answer["SuccessfulSubmissions"]] == [run_id]
    assert [error["ErrorDetail"]["ErrorCode"] for error in answer["Errors"]] == ["EntityNotFoundException"]
    assert wait(glue, name, run_id)["JobRunState"] == "STOPPED"
    assert messages("/aws-glue/jobs/output", run_id) == ["working"]
    for pid in map(int, marks.read_text().split()):
        assert dead(pid)


def dead(pid: int) -> bool:
    """Whether a process has ended (an orphan that its new parent has not reaped yet has)."""
    for _ in range(100):
        try:
            os.kill(pid, 0)
            if " Z " in Path(f"/proc/{pid}/stat").read_text():
                return True
        except (ProcessLookupError, FileNotFoundError):
            return True
        time.sleep(0.02)
    return False


def test_concurrent_runs_are_limited(glue: Any, job: Callable[..., str]) -> None:
    name = job("import time; time.sleep(60)", ExecutionProperty={"MaxConcurrentRuns": 1})
    run_id = glue.start_job_run(JobName=name)["JobRunId"]
    with pytest.raises(ClientError) as refused:
        glue.start_job_run(JobName=name)
    assert refused.value.response["Error"]["Code"] == "ConcurrentRunsExceededException"
    assert run_id in str(refused.value)
    glue.batch_stop_job_run(JobName=name, JobRunIds=[run_id])
    assert wait(glue, name, run_id)["JobRunState"] == "STOPPED"


def test_a_failed_run_is_retried(glue: Any, job: Callable[..., str]) -> None:
    name = job("raise OSError('again')", MaxRetries=1)
    first = run(glue, name)
    second = wait(glue, name, f"{first['Id']}_attempt_1")
    assert (second["Attempt"], second["PreviousRunId"], second["JobRunState"]) == (1, first["Id"], "FAILED")
    assert [run["Id"] for run in glue.get_job_runs(JobName=name)["JobRuns"]] == [second["Id"], first["Id"]]


def test_a_run_whose_server_dies_has_failed(glue: Any, s3: Any, tmp_path: Path) -> None:
    root = tmp_path / "root"
    server = server_lifecycle.up(root)
    keys = {"aws_access_key_id": server.access_key, "aws_secret_access_key": server.secret_key}
    endpoint: Any = {"endpoint_url": server.endpoint, **keys}
    try:
        there, files = boto3.client("glue", **endpoint), boto3.client("s3", **endpoint)
        files.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": server.region})
        mark = tmp_path / "pid"
        script = f"import os, time; open({str(mark)!r}, 'w').write(str(os.getpid())); time.sleep(60)"
        files.put_object(Bucket=BUCKET, Key="s.py", Body=script.encode())
        role = make_role("r", endpoint=server.endpoint)
        there.create_job(Name="j", Role=role, Command={"Name": "glueetl", "ScriptLocation": f"s3://{BUCKET}/s.py"})
        run_id = there.start_job_run(JobName="j")["JobRunId"]
        while not (mark.exists() and mark.read_text()):
            time.sleep(0.02)
        os.kill(server.pid, signal.SIGKILL)
        while not server_lifecycle.crashed(root):
            time.sleep(0.01)
        assert dead(int(mark.read_text()))
        server_lifecycle.up(root)
        done = there.get_job_run(JobName="j", RunId=run_id)["JobRun"]
        assert done["JobRunState"] == "FAILED"
        assert "ended while this run was active" in done["ErrorMessage"]
    finally:
        server_lifecycle.down(root)
