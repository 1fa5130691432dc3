"""A source database in memory: its tables as they are, and the log of changes that DMS would have sent."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

Row = dict[str, Any]
Key = tuple[int, ...]

KEYS = {
    "customers": ("customer_id",),
    "products": ("product_id",),
    "orders": ("order_id",),
    "order_items": ("order_id", "line_number"),
}
LOADED_AT = datetime(2026, 3, 1, tzinfo=UTC)


class Change(NamedTuple):
    """One entry of the log: `row` is the row after the change, or only its key after a deletion."""

    sequence: int | None
    committed_at: datetime
    operation: str
    row: Row


class Shop:
    """The tables; the first content of each is what the full load finds, then each `commit` is one transaction."""

    def __init__(self, **content: Iterable[Row]) -> None:
        self.now: dict[str, dict[Key, Row]] = {table: {} for table in KEYS}
        self.log: dict[str, list[Change]] = defaultdict(list)
        self._sequence = 0
        for table, rows in content.items():
            for row in rows:
                self.now[table][_key(table, row)] = row
                self.log[table].append(Change(None, LOADED_AT, "I", row))

    def commit(self, minute: int, *changes: tuple[str, str, Row]) -> None:
        """Change rows, `minute` minutes after the full load.

        Args:
            minute: when.
            changes: operation (I, U or D), table and row; of an update the key and the columns that change.
        """
        for operation, table, row in changes:
            self._sequence += 1
            key = _key(table, row)
            if operation == "D":
                del self.now[table][key]
            else:
                row = self.now[table].get(key, {}) | row
                self.now[table][key] = row
            at = LOADED_AT + timedelta(minutes=minute)
            self.log[table].append(Change(self._sequence, at, operation, row))

    def raw(self, table: str) -> list[Row]:
        """The log as rows of the raw table."""
        return [
            change.row
            | {
                "_op": change.operation,
                "_commit_ts": change.committed_at,
                "_change_seq": None if change.sequence is None else f"{change.sequence:035d}",
                "_source_file": f"s3://stage/dms/shop/public/{table}/file.parquet",
                "_source_row": number,
            }
            for number, change in enumerate(self.log[table], start=1)
        ]

    def state(self, table: str) -> list[Row]:
        """The tables as rows of the integration table: what was deleted is a tombstone with its key."""
        gone = {_key(table, change.row) for change in self.log[table]} - self.now[table].keys()
        tombstones = [dict(zip(KEYS[table], key, strict=True)) | {"_is_deleted": True} for key in gone]
        return [row | {"_is_deleted": False} for row in self.now[table].values()] + tombstones


def _key(table: str, row: Row) -> Key:
    return tuple(row[column] for column in KEYS[table])
