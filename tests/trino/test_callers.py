"""What IAM denies a caller is denied on a real Trino too, though Trino acts as the account's root user."""

import json
from collections.abc import Iterator

import pytest

from emulator.athena.trino import process
from emulator.runtime.server_lifecycle import Server
from tests.support.emulator.athena_client import BUCKET, DATABASE, Athena, iceberg, make_buckets
from tests.support.emulator.callers import Caller, as_root, denying_server
from tests.support.trino import running

ROWS = "SELECT 1 AS id, 'a' AS name"
DENIED = [
    ("s3:GetObject", "SELECT * FROM lake"),
    ("s3:GetObject", "SELECT count(*) FROM seen"),
    ("s3:GetObject", "INSERT INTO lake SELECT id + 1, name FROM lake"),
    ("s3:GetObject", iceberg("copy", "SELECT * FROM lake")),
    ("s3:PutObject", "INSERT INTO lake VALUES (3, 'c')"),
    ("s3:PutObject", "DELETE FROM lake"),
    ("s3:PutObject", iceberg("copy", ROWS)),
    ("glue:GetTable", "EXPLAIN SELECT * FROM lake"),
    ("glue:CreateTable", iceberg("copy", ROWS)),
]


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that denies, with a Trino."""
    if not running.ON_TRINO:
        pytest.skip("it needs a real Trino: run `make test-trino`")
    folder = tmp_path_factory.mktemp("callers")
    with denying_server(folder) as server:
        running.start(server)
        yield server
        process.down(folder)


@pytest.fixture(scope="module")
def root(aws: Server) -> Athena:
    """Root's Athena with a table and a view of it."""
    make_buckets(as_root("s3"), region=aws.region)
    as_root("glue").create_database(DatabaseInput={"Name": DATABASE, "LocationUri": f"s3://{BUCKET}/shop"})
    root = Athena(as_root("athena"))
    root(iceberg("lake", ROWS))
    root("CREATE VIEW seen AS SELECT id FROM lake")
    return root


@pytest.mark.parametrize(("action", "sql"), DENIED)
def test_a_denial_holds_on_trino(root: Athena, action: str, sql: str) -> None:
    caller = Caller("denied")
    resource = f"arn:aws:s3:::{BUCKET}/*" if action.startswith("s3:") else "*"
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": action, "Resource": resource}]}
    as_root("iam").put_role_policy(RoleName="denied", PolicyName="denies", PolicyDocument=json.dumps(document))
    assert f"is not authorized to perform: {action}" in Athena(caller.client("athena")).fails(sql)
    as_root("iam").delete_role_policy(RoleName="denied", PolicyName="denies")
    assert Athena(caller.client("athena"))("SELECT count(*) FROM seen").value == "1"
    assert "copy" not in [table["Name"] for table in as_root("glue").get_tables(DatabaseName=DATABASE)["TableList"]]
