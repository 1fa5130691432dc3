"""Statements without an end: StopQueryExecution and the stop of the server end them."""

import time
from pathlib import Path

import boto3
import pytest

from emulator.runtime import server_lifecycle
from tests.support.emulator.athena_client import BUCKET, DATABASE, Athena, iceberg, make_buckets

NUMBERS = "WITH n AS (SELECT n FROM unnest(sequence(1, 9999)) AS t (n)) "
COUNT = NUMBERS + "SELECT count(*) AS c FROM n AS a, n AS b, n AS c WHERE a.n + b.n + c.n < 0"
ROWS = NUMBERS + "SELECT a.n FROM n AS a, n AS b, n AS c"


def until_it_runs(athena: Athena, query_id: str) -> None:
    while athena.client.get_query_execution(QueryExecutionId=query_id)["QueryExecution"]["Status"]["State"] == "QUEUED":
        time.sleep(0.005)


@pytest.mark.parametrize(
    "sql",
    [
        COUNT,
        iceberg("{t}", ROWS),
        "INSERT INTO {t} " + COUNT,
        "INSERT INTO {t} " + ROWS,
        "UPDATE {t} SET n = 1 WHERE EXISTS (" + COUNT + ")",
        f"UNLOAD ({ROWS}) TO 's3://{BUCKET}/unload/{{t}}/' WITH (format = 'JSON')",
    ],
)
@pytest.mark.parametrize("later", [0.0, 0.3])
def test_a_statement_that_runs_can_be_stopped(athena: Athena, table: str, sql: str, later: float) -> None:
    if not sql.startswith("CREATE"):
        athena(iceberg(table, "SELECT BIGINT '1' AS n"))
    query_id = athena.start(sql.replace("{t}", table))
    until_it_runs(athena, query_id)
    time.sleep(later)
    stopped = time.monotonic()
    athena.client.stop_query_execution(QueryExecutionId=query_id)
    status = athena.wait(query_id)["Status"]
    assert (status["State"], status["StateChangeReason"]) == ("CANCELLED", "Query was cancelled by user")
    assert time.monotonic() - stopped < 5
    with pytest.raises(athena.client.exceptions.InvalidRequestException, match="Final query state: CANCELLED"):
        athena.client.get_query_results(QueryExecutionId=query_id)
    assert boto3.client("s3").list_objects_v2(Bucket=BUCKET, Prefix=f"unload/{table}/")["KeyCount"] == 0


def test_a_server_ends_though_statements_run_and_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path / "root"
    server = server_lifecycle.up(root)
    try:
        for name, value in server_lifecycle.environment(server).items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)  # it keeps the credentials that it found first
        make_buckets(boto3.client("s3"), region=server.region)
        boto3.client("glue").create_database(DatabaseInput={"Name": DATABASE, "LocationUri": f"s3://{BUCKET}/shop"})
        athena = Athena()
        for name in ("t", "u"):
            athena(iceberg(name, "SELECT n FROM unnest(sequence(1, 5000)) AS t (n)"))
        ids = [athena.start(sql) for sql in (COUNT, f"INSERT INTO t {ROWS}")]
        ids += [athena.start(f"UPDATE u SET n = n + {i}") for i in range(14)]  # two at a time, all with requests to S3
        until_it_runs(athena, ids[4])
        began = time.monotonic()
        server_lifecycle.down(root)
        assert time.monotonic() - began < server_lifecycle.STOP_SECONDS / 2
        assert "Traceback" not in server.log.read_text()
        server = server_lifecycle.up(root)
        reasons = [athena.wait(query_id)["Status"].get("StateChangeReason") for query_id in ids]
        assert reasons[:2] == ["Query was cancelled by user"] * 2
        assert reasons[-1] == "GENERIC_INTERNAL_ERROR: the server ended while the query ran"
    finally:
        server_lifecycle.down(root)
