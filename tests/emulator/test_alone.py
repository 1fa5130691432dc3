"""The emulator is installed from its wheel and used outside the repository, without any other code of it."""

import json
import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
CLIENT = """
import importlib.util, json, time
import boto3

for part in ("lakehouse", "local", "stacks"):
    assert importlib.util.find_spec(part) is None, f"{part} can be imported"
location = {"LocationConstraint": "eu-central-1"}
boto3.client("s3").create_bucket(Bucket="alone", CreateBucketConfiguration=location)
boto3.client("glue").create_database(DatabaseInput={"Name": "sales"})
athena = boto3.client("athena")

def run(sql):
    results = {"OutputLocation": "s3://alone/results/"}
    query = athena.start_query_execution(QueryString=sql, ResultConfiguration=results)["QueryExecutionId"]
    while True:
        status = athena.get_query_execution(QueryExecutionId=query)["QueryExecution"]["Status"]
        if status["State"] not in ("QUEUED", "RUNNING"):
            assert status["State"] == "SUCCEEDED", status
            return query
        time.sleep(0.05)

properties = "TBLPROPERTIES ('table_type' = 'ICEBERG')"
run(f"CREATE TABLE sales.orders (id int, price decimal(10,2)) LOCATION 's3://alone/orders/' {properties}")
run("INSERT INTO sales.orders VALUES (1, DECIMAL '9.50'), (2, DECIMAL '0.50')")
query = run("SELECT count(*), sum(price) FROM sales.orders")
rows = athena.get_query_results(QueryExecutionId=query)["ResultSet"]["Rows"]
print(json.dumps([column["VarCharValue"] for column in rows[1]["Data"]]))
"""


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """The folder of programs of an environment that has the emulator's wheel and this environment's libraries."""
    venv.create(tmp_path / "venv", symlinks=True)
    folder = tmp_path / "venv" / "bin"
    query = [folder / "python", "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    site_packages = Path(subprocess.run(query, capture_output=True, text=True, check=True).stdout.strip())
    # Files *.pth in this folder are not read, so the editable installation of the repository has no effect.
    (site_packages / "libraries.pth").write_text(sysconfig.get_path("purelib"))
    build = ["uv", "pip", "install", "--quiet", "--offline", "--no-deps", "--no-build-isolation", "--no-cache"]
    subprocess.run([*build, "--python", folder / "python", REPOSITORY / "emulator"], check=True)
    return folder


@pytest.mark.slow
def test_it_works_outside_the_repository(programs: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    variables = {"PATH": os.pathsep.join([str(programs), "/usr/bin", "/bin"]), "HOME": str(outside)}

    def shell(command: str, *, code: int = 0) -> str:
        finished = subprocess.run(
            ["sh", "-c", command], cwd=outside, env=variables, capture_output=True, text=True, check=False
        )
        assert finished.returncode == code, finished.stderr
        return finished.stdout

    (outside / "client.py").write_text(CLIENT)
    assert "usage: lakehouse-emulator" in shell("lakehouse-emulator --help")
    assert "lakehouse-emulator up --root data" in shell("lakehouse-emulator status --root data", code=1)
    try:
        assert "http://127.0.0.1:" in shell("lakehouse-emulator up --root data")
        assert shell("lakehouse-emulator status --root data").startswith("up  http://127.0.0.1:")
        rows = shell('eval "$(lakehouse-emulator env --root data)" && python client.py')
        assert json.loads(rows) == ["2", "10.00"]
    finally:
        stopped = shell("lakehouse-emulator down --root data")
    assert stopped == "Stopped; the data stays in data\n"
    assert (
        "no emulator runs in data"
        in subprocess.run(
            ["lakehouse-emulator", "env", "--root", "data"], cwd=outside, env=variables, capture_output=True, text=True
        ).stderr
    )


def test_its_module_is_the_same_program() -> None:
    finished = subprocess.run(
        [sys.executable, "-m", "emulator", "--help"], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    assert "usage: lakehouse-emulator" in finished.stdout
