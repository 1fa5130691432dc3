"""Orders to measure with: 10 million records, 1.1 GB of CSV in 8 files, 0.3 % of them bad; made once, always alike."""

from decimal import Decimal
from pathlib import Path

import duckdb

from lakehouse.contracts.model import Column, Contract, Ingest, Options, Source
from lakehouse.contracts.types import INT, LONG, STRING, TIMESTAMP, Type, decimal

RECORDS, FILES = 10_000_000, 8
FOLDER = Path(".local/bench/orders")


def _column(name: str, type_: Type, *, required: bool = False, options: Options | None = None) -> Column:
    return Column(name=name, type=type_, source_name=name, required=required, options=options or Options())


CONTRACT = Contract(
    path="benchmarks/orders.py",
    domain="bench",
    dataset="orders",
    version="1.0.0",
    columns=(
        _column("order_id", LONG, required=True),
        _column("customer_id", LONG),
        _column("product_id", INT),
        _column("order_ts", TIMESTAMP),
        _column("status", STRING),
        _column("channel", STRING),
        _column("quantity", INT, required=True),
        _column("unit_price", decimal(10, 2), options=Options(minimum=Decimal(0))),
        _column("discount", decimal(4, 2)),
        _column("country", STRING),
        _column("note", STRING),
        _column("updated_at", TIMESTAMP),
    ),
    key=(),
    ingest=Ingest.APPEND,
    source=Source(name="shop", type="s3", format="csv"),
)


def files() -> list[Path]:
    """The CSV files; made now if they are not there."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    found = []
    for number in range(FILES):
        path = FOLDER / f"part-{number:02}.csv"
        if not path.exists():
            unfinished = path.with_suffix(".unfinished")
            _write(unfinished, first=RECORDS * number // FILES, after=RECORDS * (number + 1) // FILES)
            unfinished.rename(path)
        found.append(path)
    return found


def _write(path: Path, *, first: int, after: int) -> None:
    duckdb.execute(f"""
        COPY (
            SELECT
                CASE WHEN h % 1000 = 7 THEN '' ELSE CAST(number AS VARCHAR) END AS order_id,
                h % 1000000 AS customer_id,
                h // 7 % 50000 AS product_id,
                strftime(TIMESTAMP '2024-01-01' + to_seconds(h // 13 % 63072000), '%Y-%m-%d %H:%M:%S') AS order_ts,
                ['new', 'paid', 'shipped', 'delivered', 'returned'][h // 3 % 5 + 1] AS status,
                ['web', 'app', 'store', 'partner'][h // 5 % 4 + 1] AS channel,
                CASE WHEN h % 997 = 3 THEN 'n/a' ELSE CAST(1 + h // 11 % 9 AS VARCHAR) END AS quantity,
                CASE WHEN h % 1009 = 5 THEN '-1.00'
                     ELSE printf('%d.%02d', 1 + h // 17 % 499, h // 19 % 100) END AS unit_price,
                printf('0.%02d', h // 23 % 30) AS discount,
                ['DE', 'PL', 'FR', 'US', 'GB', 'ES', 'IT', 'NL', 'SE', 'JP', 'BR', 'IN'][h // 29 % 12 + 1] AS country,
                'note ' || substr(md5(CAST(h AS VARCHAR)), 1, 16) AS note,
                strftime(TIMESTAMP '2026-01-01' + to_seconds(h // 31 % 86400), '%Y-%m-%d %H:%M:%S') AS updated_at
            FROM (
                SELECT range AS number, CAST(hash(range) % 4611686018427387904 AS BIGINT) AS h
                FROM range({first}, {after})
            )
        ) TO '{path}' (HEADER)
    """)
