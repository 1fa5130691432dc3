"""The history that the models compute from the change log equals an oracle, for any log and any order of delivery."""

import os
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import duckdb
import pyarrow as pa
import pytest
import sqlglot
from hypothesis import given, settings
from hypothesis import strategies as st

from lakehouse.contracts.loader import load_contracts
from lakehouse.names import Names
from lakehouse.operations import dbt
from lakehouse.tables import definition, ops
from lakehouse.tables.definition import Definition
from tests.support.examples import examples

if TYPE_CHECKING:
    # Only for annotations: Hypothesis keeps the types of a test, and DuckDB would report them as leaked at the end.
    from duckdb import DuckDBPyConnection

ROOT = Path(dbt.__file__).parents[2]
NAMES = Names(environment="dev", account="000000000000", region="eu-west-1")
BEGINNING = datetime(1900, 1, 1)
START = datetime(2026, 1, 1)


class Change(NamedTuple):
    """One row of the change log of customers; times are minutes after START, the full load has no sequence."""

    key: int
    sequence: int | None
    committed: int
    created: int | None
    deleted: bool
    region: str | None


@pytest.fixture(scope="session")
def version_sql(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the compiled SQL of int_customer_versions, translated for DuckDB."""
    target = tmp_path_factory.mktemp("dbt")
    subprocess.run(
        [
            *(ROOT / ".venv-dbt/bin/dbt", "--quiet", "compile", "--no-populate-cache", "--no-introspect"),
            *("--select", "int_customer_versions", "--project-dir", ROOT / "models", "--profiles-dir", ROOT / "models"),
            *("--target-path", target, "--log-path", target),
        ],
        env={**os.environ, **dbt.environment(NAMES)},
        check=True,
    )
    compiled = next((target / "compiled").rglob("int_customer_versions.sql"))
    return sqlglot.transpile(compiled.read_text(), read="athena", write="duckdb")[0]


@pytest.fixture(scope="session")
def tables() -> dict[str, Definition]:
    """Return the definitions of the tables that the model reads, by table name."""
    contract = next(each for each in load_contracts(ROOT / "contracts") if each.dataset == "customers")
    definitions = [definition.raw(contract, names=NAMES), *ops.definitions(names=NAMES)]
    return {table.table: table for table in definitions}


@pytest.fixture(scope="session")
def database(tables: dict[str, Definition]) -> "Iterator[DuckDBPyConnection]":
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'; attach ':memory:' as awsdatacatalog; use awsdatacatalog")
        for database in {table.database for table in tables.values()}:
            connection.execute(f"create schema {database}")
        yield connection


@st.composite
def logs(draw: st.DrawFn) -> list[Change]:
    """Draw a change log in order: perhaps a full load, then changes whose clock may stand still or be set back."""
    log = []
    for key in range(draw(st.integers(1, 3))):
        created = draw(st.none() | st.integers(0, 5))
        region = st.none() | st.sampled_from(["north", "south"])
        if draw(st.booleans()):
            log.append(Change(key, None, draw(st.integers(0, 20)), created, False, draw(region)))
        log += [
            Change(key, sequence, draw(st.integers(0, 9)), created, draw(st.booleans()), draw(region))
            for sequence in range(draw(st.integers(0, 6)))
        ]
    return log


@settings(max_examples=examples(80), deadline=None)
@given(log=logs(), data=st.data())
def test_history_has_the_version_that_was_valid_at_each_moment(
    version_sql: str,
    tables: dict[str, Definition],
    database: "DuckDBPyConnection",
    log: list[Change],
    data: st.DataObject,
) -> None:
    again = data.draw(st.lists(st.sampled_from(log), max_size=4)) if log else []
    rejected = _row(Change(0, 99, 20, 0, False, "rejected")) | {"_errors": [{"column": "region", "reason": "too long"}]}
    unpromoted = [
        _row(Change(0, 95 + number, 20, 0, False, "unpromoted")) | {"_batch_id": f"customers-0000000{number}"}
        for number in (2, 3, 4)
    ]
    delivered = [_row(change) for change in data.draw(st.permutations(log + again))]
    _write(database, tables["customers"], [*delivered, rejected, *unpromoted])
    _write(
        database,
        tables["batches"],
        [
            _attempt(1, "rolled back", at=1),
            _attempt(1, "succeeded", at=2),
            _attempt(1, "failed", at=3),
            _attempt(1, "succeeded", at=4, gate="FAIL"),
            _attempt(2, "failed", at=1),
            _attempt(2, "succeeded", at=1, move="stage_to_raw"),
            _attempt(3, "succeeded", at=1, gate="NOT_EVALUATED"),
            _attempt(4, "succeeded", at=1, gate="PASS"),
            _attempt(4, "rolled back", at=2),
        ],
    )

    versions = database.execute(
        f"select customer_id, region, valid_from, valid_to, is_current, version from ({version_sql})"
    ).fetchall()

    for key in {change.key for change in log}:
        own = sorted((row[1:] for row in versions if row[0] == key), key=lambda row: row[1])
        for instant in (BEGINNING, *(START + timedelta(minutes=minute) for minute in range(25))):
            valid = [row[0] for row in own if row[1] <= instant and (row[2] is None or instant < row[2])]
            assert valid == _valid_at([change for change in log if change.key == key], instant)
        for (earlier, _, end, *_), (later, start, *_) in pairwise(own):
            assert end is not None, "only the last version may be open"
            assert end < start or earlier != later, "a version that changed nothing"
        assert [row[3] for row in own] == [row[2] is None for row in own]
        assert [row[4] for row in own] == list(range(1, len(own) + 1))


def _attempt(batch: int, state: str, *, at: int, move: str = "raw_to_integration", **own: str) -> dict[str, Any]:
    finished_at = START + timedelta(minutes=at)
    return {"batch_id": f"customers-0000000{batch}", "move": move, "state": state, "finished_at": finished_at} | own


def _valid_at(changes: list[Change], instant: datetime) -> list[str | None]:
    """Replay the log of one key; return its region at an instant in a list, empty if it did not exist."""
    region: list[str | None] = []
    clock = datetime.min
    for number, change in enumerate(changes):
        at = START + timedelta(minutes=change.committed)
        if number == 0:
            if change.created is not None:
                at = min(at, START + timedelta(minutes=change.created))
            elif change.sequence is None:
                at = BEGINNING
        clock = max(clock, at)
        if clock > instant:
            break
        region = [] if change.deleted else [change.region]
    return region


def _row(change: Change) -> dict[str, object]:
    def instant(minute: int) -> datetime:
        return (START + timedelta(minutes=minute)).replace(tzinfo=UTC)

    return {
        "customer_id": change.key,
        "region": change.region,
        "created_at": None if change.created is None else instant(change.created),
        "_op": "D" if change.deleted else "U",
        "_commit_ts": instant(change.committed),
        "_change_seq": None if change.sequence is None else f"{change.sequence:035d}",
        "_batch_id": "customers-00000001",
    }


def _write(database: "DuckDBPyConnection", table: Definition, rows: list[dict[str, object]]) -> None:
    content = pa.Table.from_pylist(rows, schema=table.schema.as_arrow())
    database.register("content", content)
    database.execute(f"create or replace table {table.name} as select * from content")
