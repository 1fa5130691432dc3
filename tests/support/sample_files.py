"""Small Avro and Parquet files in memory."""

import io
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import fastavro
import pyarrow as pa
import pyarrow.parquet as pq

from lakehouse.contracts.types import DATE, INT, LONG, TIMESTAMP, decimal, list_of
from tests.support.contract_builders import column, contract

SCHEMA = {
    "type": "record",
    "name": "order",
    "fields": [
        {"name": "id", "type": ["null", "long"]},
        {"name": "at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
        {"name": "day", "type": {"type": "int", "logicalType": "date"}},
        {"name": "price", "type": {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 3}},
        {"name": "tags", "type": {"type": "array", "items": "int"}},
        {"name": "mixed", "type": ["null", "string", "long"], "default": None},
    ],
}
SHOP = contract(
    column("id", INT, required=True),
    column("at", TIMESTAMP),
    column("day", DATE),
    column("price", decimal(9, 2)),
    column("tags", list_of(LONG)),
    column("mixed", INT),
    format_="avro",
)
AT = datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC)


def record(**changes: Any) -> dict[str, Any]:
    return {"id": 1, "at": AT, "day": date(2026, 1, 2), "price": Decimal("1.50"), "tags": [1], "mixed": None} | changes


def avro_bytes(records: list[dict[str, Any]], *, codec: str = "deflate", schema: Any = SCHEMA) -> bytes:
    out = io.BytesIO()
    fastavro.writer(out, schema, records, codec=codec, sync_interval=1000)
    return out.getvalue()


def parquet_bytes(table: pa.Table, **settings: Any) -> bytes:
    out = io.BytesIO()
    pq.write_table(table, out, **settings)
    return out.getvalue()
