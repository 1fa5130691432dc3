"""A table of 10 million orders and a million changes to it, in no order and all over it; made once, always alike."""

from dataclasses import replace
from pathlib import Path

import duckdb

from benchmarks import orders
from lakehouse.contracts.model import Ingest, Source

ROWS, CHANGES = 10_000_000, 1_000_000
BATCH = "orders-00000002"
FOLDER = Path(".local/bench/changes")

CONTRACT = replace(
    orders.CONTRACT,
    key=("order_id",),
    ingest=Ingest.CDC,
    source=Source(name="shop", type="postgresql", format="parquet", database="shop", schema="public", table="orders"),
    ordering=("_change_seq",),
)

SUMMED = "order_id, _change_seq, _is_deleted, customer_id, quantity, unit_price, note, order_ts, updated_at"
"""What `summary` needs of rows."""

_COLUMNS = """
    h % 1000000 AS customer_id,
    CAST(h // 7 % 50000 AS INTEGER) AS product_id,
    TIMESTAMPTZ '2024-01-01 00:00:00+00' + to_seconds(h // 13 % 63072000) AS order_ts,
    ['new', 'paid', 'shipped', 'delivered', 'returned'][h // 3 % 5 + 1] AS status,
    ['web', 'app', 'store', 'partner'][h // 5 % 4 + 1] AS channel,
    CAST(1 + h // 11 % 9 AS INTEGER) AS quantity,
    CAST(1 + h // 17 % 499 + h // 19 % 100 / 100.0 AS DECIMAL(10, 2)) AS unit_price,
    CAST(h // 23 % 30 / 100.0 AS DECIMAL(4, 2)) AS discount,
    ['DE', 'PL', 'FR', 'US', 'GB', 'ES', 'IT', 'NL', 'SE', 'JP', 'BR', 'IN'][h // 29 % 12 + 1] AS country,
    'note ' || substr(md5(CAST(h AS VARCHAR)), 1, 16) AS note,
    TIMESTAMPTZ '2026-01-01 00:00:00+00' + to_seconds(h // 31 % 86400) AS updated_at,
    TIMESTAMPTZ '2026-01-02 00:00:00+00' + to_seconds(number // 100) AS _commit_ts
"""


def table() -> Path:
    """Parquet of the integration table's rows as the first batch left them."""
    return made("table.parquet", loaded_rows(0, ROWS))


def batch() -> Path:
    """Parquet of a batch of raw: seven updates in ten, two inserts, one delete; some keys change more than once."""
    return made("batch.parquet", changed_rows(CHANGES, low=0, high=ROWS, batch_id=BATCH))


def loaded_rows(first: int, after: int) -> str:
    """SQL of rows of the integration table, by their numbers."""
    return f"""
        SELECT number AS order_id, {_COLUMNS}, '' AS _change_seq, false AS _is_deleted,
            's3://stage/LOAD1' AS _source_file, number AS _source_row, 'orders-00000001' AS _batch_id,
            TIMESTAMPTZ '2026-01-03 00:00:00+00' AS _ingested_at
        FROM {_numbers(first, after, seed=0)}
    """


def changed_rows(count: int, *, low: int, high: int, batch_id: str) -> str:
    """SQL of changes: inserts get numbers from `high` on, the others have numbers between `low` and that."""
    return f"""
        SELECT CASE WHEN number % 10 < 2 THEN {high} + number ELSE {low} + h % {high - low} END AS order_id, {_COLUMNS},
            CASE WHEN number % 10 < 2 THEN 'I' WHEN number % 10 = 2 THEN 'D' ELSE 'U' END AS _op,
            printf('%035d', number) AS _change_seq, 's3://stage/20260102.parquet' AS _source_file,
            number AS _source_row, '{batch_id}' AS _batch_id, TIMESTAMPTZ '2026-01-03 00:00:00+00' AS _ingested_at
        FROM {_numbers(0, count, seed=1)}
    """


def _numbers(first: int, after: int, *, seed: int) -> str:
    hashed = f"CAST(hash(range, {seed}) % 4611686018427387904 AS BIGINT)"
    return f"(SELECT range AS number, {hashed} AS h FROM range({first}, {after}))"


def latest(batch: Path) -> str:
    """SQL of the last version of each key of a batch, in the columns of the integration table and more."""
    return f"""
        SELECT *, _op = 'D' AS _is_deleted FROM '{batch}'
        QUALIFY row_number() OVER (PARTITION BY order_id ORDER BY _change_seq DESC) = 1
    """


def summary(connection: duckdb.DuckDBPyConnection, source: str) -> list[str]:
    """Rows, tombstones, and sums over live rows: of a deleted row ours keeps the key only."""
    live = "FILTER (NOT _is_deleted)"
    (found,) = connection.execute(f"""
        SELECT count(*), count_if(_is_deleted), sum(order_id), max(_change_seq), sum(customer_id) {live},
            sum(quantity) {live}, sum(unit_price) {live}, sum(hash(note, order_ts, updated_at)) {live}
        FROM {source}
    """).fetchall()
    return [str(value) for value in found]


def made(name: str, sql: str) -> Path:
    """A Parquet file of the rows of a query; made now if it is not there."""
    path = FOLDER / name
    if not path.exists():
        FOLDER.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(".unfinished")
        with duckdb.connect() as connection:
            connection.execute("SET TimeZone = 'UTC'")
            connection.execute(f"COPY ({sql}) TO '{unfinished}' (FORMAT parquet, COMPRESSION zstd)")
        unfinished.rename(path)
    return path
