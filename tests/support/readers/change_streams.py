"""Random histories of a table: what each source writes of them, and the rows that a replay into a dict leaves."""

import base64
import io
import json
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pyarrow as pa
from pyarrow import parquet

from lakehouse.contracts import types
from lakehouse.contracts.changes import Order
from lakehouse.contracts.model import Contract, Ingest, Source
from lakehouse.contracts.odcs.changes import PRESETS
from tests.support.contract_builders import column, contract

Row = dict[str, Any]
DEBEZIUM = replace(PRESETS["debezium"], order=(Order(path=("source", "lsn")),))
COLUMNS = (
    column("id", types.LONG, required=True),
    column("name"),
    column("amount", types.decimal(10, 2)),
    column("day", types.DATE),
)
_SCHEMA = {
    "type": "struct",
    "fields": [
        {"field": "id", "type": "int64"},
        {"field": "amount", "name": "org.apache.kafka.connect.data.Decimal", "parameters": {"scale": "2"}},
        {"field": "day", "name": "io.debezium.time.Date"},
    ],
}


@dataclass(frozen=True)
class Change:
    """One change of one row; a row that was read before all changes has the number 0."""

    operation: str
    row: Row
    number: int
    before: Row | None = None


def changes_contract(dataset: str, *, events: bool) -> Contract:
    """Return the contract of the table by Debezium's events, or by the files of DMS."""
    source = Source(name="shop", type="kafka", format="jsonl", changes=DEBEZIUM)
    if not events:
        source = Source(name="shop", type="postgresql", format="parquet", database="s", schema="p", table="t")
    made = contract(*COLUMNS, key=("id",))
    return replace(made, dataset=dataset, ingest=Ingest.CDC, ordering=("_change_seq",), source=source)


def history(random: Random) -> tuple[list[Change], dict[int, Row]]:
    """Return the changes of a table, some delivered twice, and its rows in the end."""
    state: dict[int, Row] = {}
    changes: list[Change] = []

    def row(id_: int) -> Row:
        day = random.choice([None, date(1969, 12, 31) + timedelta(days=random.randint(0, 30_000))])
        amount = random.choice([None, Decimal(random.randint(-(10**9), 10**9)).scaleb(-2)])
        return {"id": id_, "name": random.choice([None, "", "a", 'ä"\\']), "amount": amount, "day": day}

    for id_ in range(random.randint(0, 3)):
        state[id_] = row(id_)
        changes.append(Change("r", state[id_], 0))
    for number in range(1, random.randint(2, 25)):
        id_, other = random.randrange(4), random.randrange(4)
        before = state.get(id_)
        if before is None:
            state[id_] = row(id_)
            changes.append(Change("c", state[id_], number))
        elif random.random() < 0.3:
            changes.append(Change("d", state.pop(id_), number, before))
        elif other not in state and random.random() < 0.3:
            del state[id_]
            state[other] = before | {"id": other}
            changes += [Change("d", before, number, before), Change("c", state[other], number)]
        else:
            state[id_] = row(id_)
            changes.append(Change("u", state[id_], number, before))
    return changes + random.choices(changes, k=len(changes) // 3) if changes else [], state


def debezium(changes: list[Change], random: Random) -> bytes:
    """Return the events as JSON lines, each with or without schema, a delete with Kafka's tombstone after it."""
    lines = []
    for change in changes:
        has_schema = random.random() < 0.5
        image, before = (_image(row, has_schema) for row in (change.row, change.before))
        event: Any = {
            "op": change.operation,
            "before": before if random.random() < 0.5 or change.operation == "d" else None,
            "after": None if change.operation == "d" else image,
            "source": {"ts_ms": 1_700_000_000_000 + change.number, "lsn": change.number or None},
        }
        if has_schema:
            fields = [{**_SCHEMA, "field": name} for name in ("before", "after")]
            event = {"schema": {"type": "struct", "fields": fields}, "payload": event}
        lines.append(json.dumps(event, ensure_ascii=False))
        if change.operation == "d":
            lines.append(random.choice(["null", '{"schema": null, "payload": null}']))
    return "\n".join(lines).encode()


def dms(changes: list[Change]) -> bytes:
    """Return the changes as DMS writes them to Parquet."""
    operations = {"c": "I", "r": "I", "u": "U", "d": "D"}
    rows = [
        {
            "Op": operations[change.operation],
            **change.row,
            "_commit_ts": f"2023-11-14 22:13:20.{change.number:03}000",
            "_change_seq": f"{change.number:035d}" if change.number else "",
        }
        for change in changes
    ]
    names = [("Op", pa.string()), *((each.name, each.type.arrow) for each in COLUMNS)]
    schema = pa.schema([*names, ("_commit_ts", pa.string()), ("_change_seq", pa.string())])
    file = io.BytesIO()
    parquet.write_table(pa.Table.from_pylist(rows, schema), file)
    return file.getvalue()


def _image(row: Row | None, has_schema: bool) -> Row | None:
    if row is None:
        return None
    amount, day = row["amount"], row["day"]
    if amount is not None and has_schema:
        amount = base64.b64encode(int(amount.scaleb(2)).to_bytes(9, "big", signed=True)).decode()
    return row | {
        "amount": str(amount) if amount is not None else None,
        "day": None if day is None else (day - date(1970, 1, 1)).days,
    }
