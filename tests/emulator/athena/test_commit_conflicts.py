"""Statements that run at the same time: no commit overwrites another."""

import threading
from concurrent.futures import ThreadPoolExecutor

import boto3
import pyarrow as pa

from tests.support.emulator import glue_catalog
from tests.support.emulator.athena_client import BUCKET, DATABASE, Athena, iceberg


def test_appends_and_updates_at_once_lose_nothing(athena: Athena, table: str) -> None:
    athena(iceberg(table, "SELECT 0 AS id, 0 AS n"))
    statements = [f"INSERT INTO {table} VALUES ({i}, 0)" for i in range(1, 5)]
    statements += [f"UPDATE {table} SET n = n + 1 WHERE id = 0"] * 3
    executions = [athena.wait(query_id) for query_id in [athena.start(sql) for sql in statements]]
    states = [execution["Status"]["State"] for execution in executions]
    for execution in executions:
        if execution["Status"]["State"] == "FAILED":
            assert execution["Status"]["StateChangeReason"].startswith("ICEBERG_COMMIT_ERROR: ")
            assert execution["Status"]["AthenaError"]["Retryable"] is True
    inserted, updated = states[:4].count("SUCCEEDED"), states[4:].count("SUCCEEDED")
    assert inserted >= 3
    assert updated >= 1
    assert athena(f"SELECT count(*), max(n) FROM {table}").rows == [(str(1 + inserted), str(updated))]
    assert stored(table) == committed(table)


def stored(table: str) -> set[str]:
    """Return the URIs of the data files under a table's location."""
    listed = boto3.client("s3").list_objects_v2(Bucket=BUCKET, Prefix=f"{DATABASE}/{table}/data/")
    return {f"s3://{BUCKET}/{item['Key']}" for item in listed["Contents"]}


def committed(table: str) -> set[str]:
    """Return the URIs of the data files of all snapshots."""
    loaded = glue_catalog.load().load_table((DATABASE, table))
    manifests = [manifest for snapshot in loaded.snapshots() for manifest in snapshot.manifests(loaded.io)]
    return {
        entry.data_file.file_path
        for manifest in manifests
        for entry in manifest.fetch_manifest_entry(loaded.io, discard_deleted=False)
    }


def test_a_merge_keeps_concurrent_commits_of_pyiceberg(athena: Athena, table: str) -> None:
    athena(iceberg(table, "SELECT 0 AS id, 0 AS n"))
    opened = glue_catalog.load()
    stop = threading.Event()
    appended = [0]

    def append() -> None:
        while not stop.is_set() and appended[0] < 15:
            loaded = opened.load_table((DATABASE, table))
            rows = [{"id": 1000 + appended[0], "n": 0}]
            loaded.append(pa.Table.from_pylist(rows, schema=loaded.schema().as_arrow()))
            appended[0] += 1

    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(append)
        merge = f"""
            MERGE INTO {table} t USING (SELECT 0 AS id) s ON t.id = s.id WHEN MATCHED THEN UPDATE SET n = t.n + 1
        """
        executions = [athena.wait(athena.start(merge)) for _ in range(2)]
        stop.set()
        done.result()
    merged = sum(execution["Status"]["State"] == "SUCCEEDED" for execution in executions)
    assert merged
    assert athena(f"SELECT count(*), max(n) FROM {table}").rows == [(str(1 + appended[0]), str(merged))]


def test_queries_at_once_read_every_row(athena: Athena, table: str) -> None:
    tens = "unnest(sequence(0, 9)) AS a (x), unnest(sequence(1, 10000)) AS b (y)"
    athena(iceberg(table, f"SELECT x * 10000 + y AS n, rand() AS r FROM {tens}"))
    athena(f"CREATE TABLE {table}_text WITH (format = 'TEXTFILE') AS SELECT n, r FROM {table}")
    names = [table, f"{table}_text"] * 8
    ids = [athena.start(f"SELECT sum(n) + {i}, count(r) FROM {name}") for i, name in enumerate(names)]
    statuses = [athena.wait(query_id)["Status"] for query_id in ids]
    assert [status["State"] for status in statuses] == ["SUCCEEDED"] * len(names), statuses
    results = [athena.client.get_query_results(QueryExecutionId=query_id)["ResultSet"]["Rows"][1] for query_id in ids]
    values = [[value["VarCharValue"] for value in row["Data"]] for row in results]
    assert values == [[str(5000050000 + i), "100000"] for i in range(len(names))]
