"""The life cycle of the emulator."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
import pytest

from emulator.runtime import server_lifecycle


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "root"
    server_lifecycle.down(tmp_path / "root")


def client(server: server_lifecycle.Server, service: str) -> Any:
    return boto3.client(
        service,  # type: ignore[call-overload]
        endpoint_url=server.endpoint,
        region_name=server.region,
        aws_access_key_id=server.account,
        aws_secret_access_key="local",  # noqa: S106 - the emulator checks no signature
    )


def test_it_stands_for_its_account(aws: server_lifecycle.Server) -> None:
    assert boto3.client("sts").get_caller_identity()["Account"] == aws.account


def test_a_second_up_finds_the_first(aws: server_lifecycle.Server) -> None:
    assert server_lifecycle.up(aws.root) == aws
    assert server_lifecycle.status(aws.root) == aws


def test_it_listens_on_one_address_alone(aws: server_lifecycle.Server) -> None:
    port = int(aws.endpoint.rpartition(":")[2])
    # Every address of 127.0.0.0/8 is this machine's: a listener on 0.0.0.0 would answer here too.
    with pytest.raises(OSError, match=r"refused|timed out|reach|assign"):
        socket.create_connection(("127.0.0.2", port), timeout=2)


def test_concurrent_ups_give_one_server_and_down_stops_it(root: Path) -> None:
    with ThreadPoolExecutor(3) as pool:
        servers = set(pool.map(server_lifecycle.up, [root] * 3))
    assert len(servers) == 1
    pid = servers.pop().pid
    assert server_lifecycle.down(root)
    assert server_lifecycle.status(root) is None
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert not server_lifecycle.down(root)


def test_two_roots_are_two_clouds(aws: server_lifecycle.Server, root: Path) -> None:
    other = server_lifecycle.up(root, account="123456789012", region="us-east-1")
    assert other.endpoint != aws.endpoint
    client(other, "secretsmanager").create_secret(Name="theirs", SecretString="x")
    assert client(other, "sts").get_caller_identity()["Account"] == "123456789012"
    names = [secret["Name"] for secret in client(aws, "secretsmanager").list_secrets()["SecretList"]]
    assert "theirs" not in names


def test_what_was_answered_survives_kill_9(root: Path) -> None:
    server = server_lifecycle.up(root)
    s3, glue, secrets = (client(server, service) for service in ("s3", "glue", "secretsmanager"))
    s3.create_bucket(Bucket="kept", CreateBucketConfiguration={"LocationConstraint": server.region})
    s3.put_bucket_versioning(Bucket="kept", VersioningConfiguration={"Status": "Enabled"})
    first = s3.put_object(Bucket="kept", Key="k", Body=b"first")["VersionId"]
    second = s3.put_object(Bucket="kept", Key="k", Body=b"second")["VersionId"]
    s3.delete_object(Bucket="kept", Key="k")
    secrets.create_secret(Name="s", SecretString="x")
    time.sleep(1)
    glue.create_database(DatabaseInput={"Name": "d"})
    glue.create_table(DatabaseName="d", TableInput={"Name": "t", "Parameters": {"metadata_location": "s3://kept/1"}})
    glue.update_table(DatabaseName="d", TableInput={"Name": "t", "Parameters": {"metadata_location": "s3://kept/2"}})
    os.kill(server.pid, signal.SIGKILL)
    while not server_lifecycle.crashed(root):
        time.sleep(0.01)

    again = server_lifecycle.up(root)
    assert again.endpoint == server.endpoint, "variables that a shell exported must stay right"
    assert "k" not in [entry["Key"] for entry in s3.list_objects_v2(Bucket="kept").get("Contents", [])]
    assert s3.get_object(Bucket="kept", Key="k", VersionId=first)["Body"].read() == b"first"
    assert s3.get_object(Bucket="kept", Key="k", VersionId=second)["Body"].read() == b"second"
    assert secrets.get_secret_value(SecretId="s")["SecretString"] == "x"
    table = glue.get_table(DatabaseName="d", Name="t")["Table"]
    assert table["Parameters"]["metadata_location"] == "s3://kept/2"


def test_a_start_that_fails_says_where_its_log_is(root: Path) -> None:
    (root / "s3").mkdir(parents=True)
    (root / "tmp").write_text("a file where a folder must be")
    with pytest.raises(server_lifecycle.ServerError, match=r"(?s)exit code 1.*server\.log.*FileExistsError"):
        server_lifecycle.up(root)


def test_a_server_ends_with_its_root(root: Path) -> None:
    server = server_lifecycle.up(root)
    (root / "server.lock").unlink()
    server_lifecycle._children.pop(server.pid).wait(timeout=30)


def test_down_of_nothing_is_no_error(tmp_path: Path) -> None:
    assert not server_lifecycle.down(tmp_path / "never-was")


def test_it_starts_from_any_folder(root: Path, tmp_path: Path) -> None:
    code = (
        "from pathlib import Path; from emulator.runtime.server_lifecycle import up; "
        f"print(up(Path({str(root)!r})).pid)"
    )
    repository = str(Path(server_lifecycle.__file__).parents[2])
    environ = os.environ | {"PYTHONPATH": repository}
    ran = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environ, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    found = server_lifecycle.status(root)
    assert found is not None
    assert found.pid == int(ran.stdout)
