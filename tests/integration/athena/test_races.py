"""Several statements at once: what one read must not be overwritten by what another wrote."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa

from lakehouse import catalog
from tests.integration.athena.asking import DATABASE, Athena, iceberg


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


def test_a_merge_sees_what_pyiceberg_wrote_meanwhile(athena: Athena, table: str) -> None:
    athena(iceberg(table, "SELECT 0 AS id, 0 AS n"))
    opened = catalog.load()
    stop = threading.Event()
    appended = [0]

    def append() -> None:
        while not stop.is_set() and appended[0] < 40:
            found = opened.load_table((DATABASE, table))
            rows = [{"id": 1000 + appended[0], "n": 0}]
            found.append(pa.Table.from_pylist(rows, schema=found.schema().as_arrow()))
            appended[0] += 1

    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(append)
        merge = f"""
            MERGE INTO {table} t USING (SELECT 0 AS id) s ON t.id = s.id WHEN MATCHED THEN UPDATE SET n = t.n + 1
        """
        executions = [athena.wait(athena.start(merge)) for _ in range(3)]
        stop.set()
        done.result()
    merged = sum(execution["Status"]["State"] == "SUCCEEDED" for execution in executions)
    assert merged
    assert athena(f"SELECT count(*), max(n) FROM {table}").rows == [(str(1 + appended[0]), str(merged))]


def test_queries_at_once(athena: Athena, table: str) -> None:
    athena(iceberg(table, "SELECT CAST(n AS bigint) AS n FROM unnest(sequence(1, 1000)) AS t (n)"))
    ids = [athena.start(f"SELECT sum(n) + {i} FROM {table}") for i in range(12)]
    found = [athena.wait(query_id) for query_id in ids]
    results = [athena.client.get_query_results(QueryExecutionId=q["QueryExecutionId"]) for q in found]
    values = [result["ResultSet"]["Rows"][1]["Data"][0]["VarCharValue"] for result in results]
    assert values == [str(500500 + i) for i in range(12)]
