"""awswrangler on the emulator's Athena."""

from typing import Any

import pytest

from tests.support.emulator.client_lake import Lake

wr = pytest.importorskip("awswrangler", reason="awswrangler is in the environment of `make test`")
pd = pytest.importorskip("pandas")

NUMBERS = "SELECT a.n * 100 + b.n AS n FROM unnest(sequence(0, 149)) AS a (n), unnest(sequence(0, 99)) AS b (n)"


def read(lake: Lake, sql: str, **options: Any) -> Any:
    return wr.athena.read_sql_query(sql, lake.database, s3_output=lake.results, **options)


@pytest.mark.parametrize("approach", ["plain", "ctas", "unload"])
def test_a_query_is_read(lake: Lake, approach: str) -> None:
    options = {"ctas_approach": approach == "ctas", "unload_approach": approach == "unload"}
    where = f"{lake.files}/wr_{approach}/"  # UNLOAD wants an empty folder
    sql = "SELECT id, customer, amount FROM orders WHERE id <= 3"
    frame = wr.athena.read_sql_query(sql, lake.database, s3_output=where, **options)
    assert sorted(frame["id"]) == [1, 2, 3]


@pytest.mark.timeout(120)
@pytest.mark.parametrize("ctas", [False, True])
def test_a_result_is_read_in_chunks(lake: Lake, ctas: bool) -> None:
    chunks = list(read(lake, NUMBERS, chunksize=5000, ctas_approach=ctas))
    assert [len(chunk) for chunk in chunks] == [5000, 5000, 5000]
    assert sorted(pd.concat(chunks)["n"]) == list(range(15000))


def test_iceberg_tables_are_written_and_deleted_from(lake: Lake) -> None:
    frame = pd.DataFrame({"id": [1, 2, 3], "name": ["a", "b", None], "price": [1.5, 2.5, 3.5]})
    where = {"database": lake.database, "table": "wr_iceberg", "s3_output": lake.results}
    paths = {"temp_path": f"{lake.files}/wr_temp/", "keep_files": False}
    wr.athena.to_iceberg(frame, **where, **paths, table_location=f"{lake.files}/wr_iceberg/")
    wr.athena.to_iceberg(pd.DataFrame({"id": [4], "name": ["d"], "price": [4.5]}), **where, **paths)
    changed = pd.DataFrame({"id": [2], "name": ["new"], "price": [9.5]})
    wr.athena.to_iceberg(changed, **where, **paths, merge_cols=["id"])
    wr.athena.delete_from_iceberg_table(pd.DataFrame({"id": [1]}), **where, **paths, merge_cols=["id"])
    rows = read(lake, "SELECT id, name, price FROM wr_iceberg ORDER BY id", ctas_approach=False)
    assert rows["id"].tolist() == [2, 3, 4]
    assert rows["price"].tolist() == [9.5, 3.5, 4.5]
    assert rows["name"].fillna("-").tolist() == ["new", "-", "d"]


def test_datasets_are_written_as_tables(lake: Lake) -> None:
    frame = pd.DataFrame({"id": [1, 2, 3], "day": ["2026-01-01", "2026-01-01", "2026-01-02"]})
    options = {"database": lake.database, "table": "wr_dataset", "partition_cols": ["day"]}
    wr.s3.to_parquet(frame, f"{lake.files}/wr_dataset/", dataset=True, **options)
    wr.s3.to_parquet(frame.assign(id=4), f"{lake.files}/wr_dataset/", dataset=True, mode="append", **options)
    counts = read(lake, "SELECT day, count(*) AS c FROM wr_dataset GROUP BY day ORDER BY day", ctas_approach=False)
    assert counts["c"].tolist() == [4, 2]
    assert wr.athena.repair_table("wr_dataset", database=lake.database, s3_output=lake.results) == "SUCCEEDED"
    described = wr.athena.describe_table("wr_dataset", database=lake.database, s3_output=lake.results)
    assert described["Column Name"].tolist()[:2] == ["id", "day"]


def test_prepared_statements_are_run(lake: Lake) -> None:
    wr.athena.create_prepared_statement("SELECT id FROM orders WHERE id > ? ORDER BY id", "wr_above")
    frame = read(lake, 'EXECUTE "wr_above" USING 8', ctas_approach=False)
    assert frame["id"].tolist() == [9, 10]
    wr.athena.delete_prepared_statement("wr_above")
