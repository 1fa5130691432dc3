"""The auditors' queries over CloudTrail's log, on a table with the trail's columns.

The embedded Athena has neither partition projection nor CloudTrail's input format, so days are registered here and
each event is a line. Names within a struct are in lower case: it reads them as they are written.
"""

import json
from datetime import UTC, datetime, timedelta
from string import Template
from typing import Any

import boto3
import pytest

from emulator.runtime import server_lifecycle
from lakehouse.engine import athena
from lakehouse.names import Names, Zone
from stacks.analytics.stack import QUERIES, words
from stacks.audit.trail_table import COLUMNS, NAME

TODAY = datetime.now(UTC).date()
ANALYST, ENGINEER = "analyst", "engineer"


@pytest.fixture(scope="module")
def names(aws: server_lifecycle.Server) -> Names:
    """A deployment with an audit database alone, whose log has the events below."""
    names = Names(project="audited", environment="dev", account=aws.account, region=aws.region)
    s3, glue = boto3.client("s3"), boto3.client("glue")
    for bucket in (names.results_bucket, names.audit_bucket):
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": aws.region})
    boto3.client("athena").create_work_group(
        Name=names.workgroup,
        Configuration={"ResultConfiguration": {"OutputLocation": names.results_uri(names.workgroup)}},
    )
    glue.create_database(DatabaseInput={"Name": names.audit_database})
    storage: Any = {
        "Columns": [{"Name": name, "Type": type_} for name, type_ in COLUMNS.items()],
        "Location": names.trail_uri,
        "InputFormat": "org.apache.hadoop.mapred.TextInputFormat",
        "OutputFormat": "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
        "SerdeInfo": {"SerializationLibrary": "org.apache.hive.hcatalog.data.JsonSerDe"},
    }
    day = [{"Name": "day", "Type": "string"}]
    table = {"Name": NAME, "TableType": "EXTERNAL_TABLE", "StorageDescriptor": storage, "PartitionKeys": day}
    glue.create_table(DatabaseName=names.audit_database, TableInput=table)
    for date, found in {TODAY: events(names), TODAY - timedelta(days=40): [read(names, ENGINEER)]}.items():
        place = f"{names.trail_uri}{date:%Y/%m/%d}/"
        bucket, _, key = place.removeprefix("s3://").partition("/")
        s3.put_object(Bucket=bucket, Key=f"{key}log.json", Body="\n".join(map(json.dumps, found)).encode())
        partition = {"Values": [f"{date:%Y/%m/%d}"], "StorageDescriptor": {**storage, "Location": place}}
        glue.create_partition(DatabaseName=names.audit_database, TableName=NAME, PartitionInput=partition)
    return names


def event(names: Names, role: str, name: str, source: str, at: str = "10:00:00", **members: Any) -> dict[str, Any]:
    """A record as CloudTrail writes it, of a person in a role."""
    arn = f"arn:aws:iam::{names.account}:role/{role if role.startswith(names.prefix) else names.role(role)}"
    identity = {
        "type": "AssumedRole",
        "arn": arn.replace(":iam:", ":sts:").replace(":role/", ":assumed-role/") + "/ada",
        "sessioncontext": {"sessionissuer": {"type": "Role", "arn": arn}},
    }
    return {
        "eventVersion": "1.09",
        "userIdentity": identity,
        "eventTime": f"{TODAY}T{at}Z",
        "eventSource": f"{source}.amazonaws.com",
        "eventName": name,
        **members,
    }


def read(names: Names, role: str, **members: Any) -> dict[str, Any]:
    table = f"arn:aws:glue:{names.region}:{names.account}:table/{names.database(Zone.INTEGRATION)}/customers"
    principal = {"lakeFormationPrincipal": f"arn:aws:iam::{names.account}:role/{names.role(role)}"}
    extra = {"requestParameters": {"tableArn": table}, "additionalEventData": principal}
    return event(names, role, "GetDataAccess", "lakeformation", **extra, **members)


def events(names: Names) -> list[dict[str, Any]]:
    customers = {"bucketName": names.bucket(Zone.INTEGRATION), "key": "sales/customers/data/1.parquet"}
    orders = customers | {"key": "sales/orders/data/1.parquet"}
    refused = {"errorCode": "AccessDenied", "errorMessage": "Insufficient Lake Formation permission(s)"}
    started = {
        "requestParameters": {"workGroup": names.workgroup_of(ANALYST), "queryString": "***OMITTED***"},
        "responseElements": {"queryExecutionId": "query-1"},
    }
    return [
        read(names, ENGINEER, at="09:00:00"),
        read(names, ENGINEER, at="11:00:00"),
        read(names, ANALYST, **refused),
        event(names, names.locations_role, "GetObject", "s3", requestParameters=customers),
        event(names, "raw-to-integration", "GetObject", "s3", requestParameters=customers),
        event(names, "stage-to-raw", "GetObject", "s3", requestParameters=orders),
        event(names, "stage-to-raw", "PutObject", "s3", requestParameters=customers),
        event(names, ANALYST, "StartQueryExecution", "athena", at="09:59:59", **started),
    ]


def asked(names: Names, query: str) -> list[dict[str, str | None]]:
    """Rows of a named query."""
    _, _, sql = (QUERIES / "auditor" / f"{query}.sql").read_text().partition("\n")
    result = athena.query(boto3.client("athena"), Template(sql).substitute(words(names)), names=names)
    columns = [name for name, _ in result.columns]
    return [dict(zip(columns, row, strict=True)) for row in result.rows]


def role(names: Names, purpose: str) -> str:
    return f"arn:aws:iam::{names.account}:role/{names.role(purpose)}"


def test_who_read_a_table(names: Names) -> None:
    """Not who was refused, nor who read another table or wrote, nor Lake Formation itself, nor what is long ago."""
    found = {(row["principal"], row["eventname"]): row for row in asked(names, "who_read_this_table")}
    engineer = found.pop((role(names, ENGINEER), "GetDataAccess"))
    assert (engineer["events"], engineer["first_read"]) == ("2", f"{TODAY}T09:00:00Z")
    assert engineer["last_read"] == f"{TODAY}T11:00:00Z"
    assert found.keys() == {(role(names, "raw-to-integration"), "GetObject")}


def test_who_was_denied(names: Names) -> None:
    [row] = asked(names, "who_was_denied")
    assert (row["principal"], row["eventname"], row["errorcode"]) == (
        role(names, ANALYST),
        "GetDataAccess",
        "AccessDenied",
    )
    assert str(row["what"]).endswith(f":table/{names.database(Zone.INTEGRATION)}/customers")


def test_what_analysts_queried(names: Names) -> None:
    rows = asked(names, "what_analysts_queried")
    assert [(row["person"], row["eventname"], row["query_or_table"], row["errorcode"]) for row in rows] == [
        ("ada", "GetDataAccess", f"{names.database(Zone.INTEGRATION)}/customers", "AccessDenied"),
        ("ada", "StartQueryExecution", "query-1", None),
    ]
