"""What IAM denies within a statement is Athena's error with the text of the denial, whatever call was denied.

Athena calls Glue, S3 and KMS as the caller of the statement. Each test takes one action from a role that has all
others. Sources: those of `emulator/athena/runtime/denials.py`.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from emulator.runtime import server_lifecycle
from tests.support.emulator.athena_client import BUCKET, RESULTS, Athena, location, make_buckets
from tests.support.emulator.callers import ALL, Caller, as_root, denying_server

DATABASE = "closed_shop"
ROWS = "SELECT * FROM (VALUES (1, 'a'), (2, 'b')) AS t (id, name)"
ENCRYPTED = "closed-keys"
S3, GLUE, OUTPUT = 1501, 1500, 401


def iceberg(name: str) -> str:
    options = f"table_type = 'ICEBERG', is_external = false, location = '{location(name)}'"
    return f"CREATE TABLE {name} WITH ({options}) AS {ROWS}"


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[server_lifecycle.Server]:
    with denying_server(tmp_path_factory.mktemp("denials")) as server:
        yield server


class Statements(Athena):
    """Athena in the database of these tests."""

    def start(self, sql: str, *, database: str = DATABASE, **request: Any) -> str:
        return super().start(sql, database=database, **request)

    def error(self, sql: str) -> tuple[str, dict[str, Any]]:
        """Run a statement that fails, and return the reason and its `AthenaError`."""
        status = self.wait(self.start(sql))["Status"]
        assert status["State"] == "FAILED", status
        return status["StateChangeReason"], status["AthenaError"]


@pytest.fixture(scope="module")
def root(aws: server_lifecycle.Server) -> Statements:
    """Root's Athena: an Iceberg table, a Hive table, and one whose files are encrypted with a key of the account."""
    s3 = as_root("s3")
    make_buckets(s3, region=aws.region)
    key = as_root("kms").create_key()["KeyMetadata"]["Arn"]
    s3.create_bucket(Bucket=ENCRYPTED, CreateBucketConfiguration={"LocationConstraint": aws.region})
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}}
    s3.put_bucket_encryption(Bucket=ENCRYPTED, ServerSideEncryptionConfiguration={"Rules": [rule]})
    as_root("glue").create_database(DatabaseInput={"Name": DATABASE, "LocationUri": f"s3://{BUCKET}/{DATABASE}"})
    root = Statements(as_root("athena"))
    root(iceberg("lake"))
    root(f"CREATE TABLE files WITH (external_location = '{location('files')}') AS {ROWS}")
    root(f"CREATE TABLE secret WITH (external_location = 's3://{ENCRYPTED}/secret/') AS {ROWS}")
    return root


@pytest.fixture
def caller(root: Statements) -> Iterator[Caller]:
    caller = Caller("denied")
    yield caller
    as_root("iam").delete_role_policy(RoleName="denied", PolicyName="denies")


def deny(action: str, resource: str = "*") -> None:
    statement = {"Effect": "Deny", "Action": action, "Resource": resource}
    document = {"Version": "2012-10-17", "Statement": [statement]}
    as_root("iam").put_role_policy(RoleName="denied", PolicyName="denies", PolicyDocument=json.dumps(document))


OBJECTS = f"arn:aws:s3:::{BUCKET}/*"
STATEMENTS = [
    ("s3:GetObject", "SELECT * FROM lake"),
    ("s3:GetObject", "SELECT count(*) FROM lake"),
    ("s3:GetObject", 'SELECT * FROM "lake$snapshots"'),
    ("s3:GetObject", "SELECT * FROM files"),
    ("s3:GetObject", "INSERT INTO lake SELECT * FROM files"),
    ("s3:GetObject", "DELETE FROM lake WHERE id = 1"),
    ("s3:GetObject", "UPDATE lake SET name = 'c'"),
    ("s3:GetObject", "ALTER TABLE lake ADD COLUMNS (more int)"),
    ("s3:GetObject", "OPTIMIZE lake REWRITE DATA USING BIN_PACK"),
    ("s3:GetObject", iceberg("copy").replace(ROWS, "SELECT * FROM lake")),
    ("s3:ListBucket", "SELECT * FROM files"),
    ("s3:PutObject", "INSERT INTO lake VALUES (3, 'c')"),
    ("s3:PutObject", "INSERT INTO files VALUES (3, 'c')"),
    ("s3:PutObject", "DELETE FROM lake WHERE id = 1"),
    ("s3:PutObject", iceberg("copy")),
    ("s3:PutObject", f"CREATE TABLE copy WITH (external_location = '{location('copy')}') AS {ROWS}"),
    ("s3:PutObject", f"UNLOAD (SELECT 1 AS one) TO '{location('unloaded')}' WITH (format = 'PARQUET')"),
    (
        "s3:PutObject",
        f"CREATE TABLE copy (id int) LOCATION '{location('copy')}' TBLPROPERTIES ('table_type'='ICEBERG')",
    ),
]


@pytest.mark.parametrize(("action", "sql"), STATEMENTS)
def test_a_denial_by_s3_is_a_permission_error(root: Statements, caller: Caller, action: str, sql: str) -> None:
    deny(action, f"arn:aws:s3:::{BUCKET}" if action == "s3:ListBucket" else OBJECTS)
    reason, error = Statements(caller.client("athena")).error(sql)
    assert reason.startswith("PERMISSION_DENIED: "), reason
    assert f":assumed-role/denied/test is not authorized to perform: {action} on resource: " in reason
    assert "with an explicit deny in an identity-based policy (Service: S3, Status Code: 403" in reason
    assert (error["ErrorCategory"], error["ErrorType"], error["Retryable"]) == (2, S3, False)
    assert root("SELECT count(*) FROM lake").value == "2"


@pytest.mark.parametrize("sql", ["SELECT * FROM secret", "INSERT INTO secret VALUES (3, 'c')"])
def test_a_denial_by_the_key_is_a_permission_error(caller: Caller, sql: str) -> None:
    deny("kms:*")
    reason, error = Statements(caller.client("athena")).error(sql)
    action = "Decrypt" if sql.startswith("SELECT") else "GenerateDataKey"
    assert reason.startswith("PERMISSION_DENIED: User: "), reason
    assert f"is not authorized to perform: kms:{action} on resource: arn:aws:kms:" in reason
    assert error["ErrorType"] == S3


@pytest.mark.parametrize(
    ("action", "sql"),
    [
        ("glue:GetTable", "SELECT * FROM lake"),
        ("glue:GetTable", "DESCRIBE lake"),
        ("glue:GetTable", "INSERT INTO lake VALUES (3, 'c')"),
        ("glue:GetTables", "SHOW TABLES"),
        ("glue:GetDatabases", "SHOW DATABASES"),
        ("glue:CreateTable", iceberg("copy")),
        ("glue:CreateTable", "CREATE VIEW copy AS SELECT 1 AS one"),
        ("glue:UpdateTable", "INSERT INTO lake VALUES (3, 'c')"),
        ("glue:UpdateTable", "DELETE FROM lake WHERE id = 1"),
        ("glue:DeleteTable", "DROP TABLE lake"),
        ("glue:CreateDatabase", "CREATE DATABASE other"),
    ],
)
def test_a_denial_by_glue_names_the_action(root: Statements, caller: Caller, action: str, sql: str) -> None:
    deny(action)
    reason, error = Statements(caller.client("athena")).error(sql)
    assert f":assumed-role/denied/test is not authorized to perform: {action} on resource: arn:aws:glue:" in reason
    assert "(Service: AmazonDataCatalog; Status Code: 400; Error Code: AccessDeniedException; " in reason
    assert (error["ErrorCategory"], error["ErrorType"]) == (2, GLUE)
    assert root("SELECT count(*) FROM lake").value == "2"


def test_a_result_that_may_not_be_written_has_athenas_text(caller: Caller) -> None:
    deny("s3:PutObject", f"arn:aws:s3:::{RESULTS}/*")
    reason, error = Statements(caller.client("athena")).error("SELECT 1")
    assert reason.startswith(f"Access denied when writing output to url: s3://{RESULTS}/"), reason
    assert error["ErrorType"] == OUTPUT


def test_who_has_no_statement_is_told_which_action(root: Statements, caller: Caller) -> None:
    statement = {"Effect": "Allow", "Action": ["athena:*", "glue:*"], "Resource": "*"}
    document = {"Version": "2012-10-17", "Statement": [statement]}
    iam = as_root("iam")
    iam.put_role_policy(RoleName="denied", PolicyName="all", PolicyDocument=json.dumps(document))
    deny("sns:*")
    try:
        reason, _ = Statements(caller.client("athena")).error("SELECT * FROM lake")
        assert "because no identity-based policy allows the s3:GetObject action" in reason
    finally:
        iam.put_role_policy(RoleName="denied", PolicyName="all", PolicyDocument=json.dumps(ALL))
