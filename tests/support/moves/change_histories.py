"""Sources of change data: what happens in one table, as its log tells it, and records that follow no rule at all."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from tests.support.reference_merge import Record

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
IDS = range(-3, 4)
CODES = ("x", "O'Brien\\n ä")
VALUES: dict[str, list[Any]] = {
    "amount": [Decimal("-2.00"), Decimal("0.00"), Decimal("0.10")],
    "visits": [0, 2**31 - 1],
    "name": ["", "a", "ä"],
    "at": [BEGIN, BEGIN + timedelta(microseconds=1)],
    "tags": [[], [None], [0], [0, None], [1]],
    "place": [{"city": None, "zip": None}, {"city": "A", "zip": None}, {"city": "A", "zip": 1}],
}
LATER_VALUES = VALUES | {"visits": [0, 2**31], "colour": ["", "red"]}
"""After a column was widened and one was added."""

Key = tuple[int, str]
Values = dict[str, list[Any]]


@dataclass(kw_only=True)
class History:
    """One source table.

    Args:
        number: tells its rows from those of other histories.
        columns: its columns beside the key, and the values that each may have.
        to_load: a full load copies the table after some transactions; else there are changes alone.
        logs_before_load: the log begins before the load reads the table, so that it tells some of it again.
    """

    number: int
    columns: Values
    to_load: bool
    logs_before_load: bool
    rows: dict[Key, Record] = field(default_factory=dict)
    transactions: int = 0
    changes: int = 0

    def go_on(self, random: Random) -> Iterator[Record]:
        """Some transactions, and the full load if its time has come: their records."""
        for _ in range(random.randint(1, 3)):
            self.transactions += 1
            records = [record for _ in range(random.randint(1, 3)) for record in self._change(random)]
            if not self.to_load or self.logs_before_load:
                yield from records
            if self.to_load and random.random() < 0.5:
                self.to_load = False
                for (id_, code), row in self.rows.items():
                    yield self._record("I", (id_, code), row, sequence=random.choice(["", None]))

    def _change(self, random: Random) -> Iterator[Record]:
        key = random.choice(IDS), random.choice(CODES)
        row = any_contents(random, self.columns)
        if key not in self.rows:  # also one that was deleted
            self.rows[key] = row
            yield self._logged("I", key, row)
        elif (kind := random.random()) < 0.3:
            yield self._logged("D", key, self.rows.pop(key))
        elif kind < 0.4 and (other := (random.choice(IDS), random.choice(CODES))) not in self.rows:
            yield self._logged("D", key, self.rows.pop(key))
            self.rows[other] = row
            yield self._logged("I", other, row)
        else:
            self.rows[key] = row
            yield self._logged("U", key, row)

    def _logged(self, operation: str, key: Key, row: Record) -> Record:
        self.changes += 1
        return self._record(operation, key, row, sequence=f"{self.changes:035d}")

    def _record(self, operation: str, key: Key, row: Record, *, sequence: str | None) -> Record:
        committed = BEGIN + timedelta(microseconds=self.transactions)
        identity = {"history": self.number, "id": key[0], "code": key[1]}
        return {"_op": operation, "_change_seq": sequence, "_commit_ts": committed} | identity | row


@dataclass(kw_only=True)
class Noise:
    """Records without a source: few values of each column, so that versions tie in all that orders them."""

    number: int
    columns: Values

    def go_on(self, random: Random) -> Iterator[Record]:
        for _ in range(random.randint(1, 12)):
            yield {
                "_op": random.choice("IUUD"),
                "_change_seq": random.choice([None, "", *(f"{number:035d}" for number in range(1, 4))]),
                "_commit_ts": random.choice([None, *(BEGIN + timedelta(microseconds=number) for number in range(3))]),
                "history": self.number,
                "id": random.choice(IDS),
                "code": random.choice(CODES),
            } | any_contents(random, self.columns)


def any_contents(random: Random, columns: Values) -> Record:
    """Values of columns beside the key; each may be null."""
    return {name: random.choice([None, *values]) for name, values in columns.items()}
