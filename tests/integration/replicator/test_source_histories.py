"""Whatever happens to a table, what the lakehouse has of it ends equal to the source, or held with a reason.

PostgreSQL, the replicator and the reader are real. The merge is the oracle of `tests/support/reference_merge.py`, which
`tests/integration/test_histories.py` compares the moves with.
"""

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO
from itertools import count
from typing import Any

import boto3
import psycopg
import pytest
from hypothesis import HealthCheck, Phase, given, settings

from emulator.replicator import source, task
from emulator.runtime import server_lifecycle
from lakehouse.contracts.model import Contract
from lakehouse.operations.replications import History as Known
from lakehouse.readers.reader import read_file
from lakehouse.reconciliation.fingerprints import SourceColumn, checksum, texts, value_sql
from local.sources import postgres as local_postgres
from local.sources.postgres import Database
from tests.support.replication.replicator import Replicator
from tests.support.replication.source_histories import RELOAD, History, histories

HISTORIES = int(os.environ.get("SOURCE_HISTORIES", "12"))
BUCKET = "source-histories"

_numbers = count(1)
ends: Counter[str] = Counter()


@pytest.fixture(scope="module")
def server(aws: server_lifecycle.Server, postgres: Database) -> Iterator[Database]:
    boto3.client("s3").create_bucket(
        Bucket=BUCKET,
        CreateBucketConfiguration={"LocationConstraint": aws.region},  # type: ignore[typeddict-item]
    )
    yield postgres
    print(f"\n{sum(ends.values())} histories: {dict(ends)}")  # noqa: T201


@pytest.mark.timeout(60 + 20 * HISTORIES)
@settings(
    max_examples=HISTORIES, deadline=None, suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate], print_blob=True,
)  # fmt: skip
@given(history=histories())
def test_a_history_ends_equal_or_held(
    server: Database, tmp_path_factory: pytest.TempPathFactory, history: History
) -> None:
    number = next(_numbers)
    local_postgres.create_database(server, f"history_{number}")
    database = replace(server, dbname=f"history_{number}")
    replicator = Replicator(database, tmp_path_factory.mktemp("history") / "replication", BUCKET)
    replicator.s3 = replicator.s3 | {"BucketFolder": f"dms/{number}"}
    replicator.tables = [history.table]
    with psycopg.connect(database.conninfo, autocommit=True) as connection:
        try:
            _play(history, replicator, connection)
            end = _end(history, replicator, connection, prefix=f"dms/{number}/public/{history.table}/")
            ends[end] += 1
        finally:
            replicator.stop()
            with suppress(psycopg.Error):
                source.drop(connection, slot=task.slot_name(replicator.name))
    with psycopg.connect(server.conninfo, autocommit=True) as admin:
        admin.execute(f"DROP DATABASE history_{number} WITH (FORCE)")


def _play(history: History, replicator: Replicator, connection: psycopg.Connection[Any]) -> None:
    """Do what the history says; a statement that PostgreSQL refuses changes nothing."""
    for statement in history.before:
        with suppress(psycopg.Error):
            connection.execute(statement)
    replicator.start()
    _catch_up(replicator)
    for step in history.steps:
        match step:
            case "stop":
                replicator.stop()
            case "resume" | "reload":
                replicator.start(reload=step == RELOAD)
            case "catch up":
                _catch_up(replicator)
            case _:
                with suppress(psycopg.Error):
                    connection.execute(step)
    _catch_up(replicator)


def _catch_up(replicator: Replicator) -> None:
    """Wait until all is in S3, unless the replication has failed, which its status says."""
    with suppress(Exception):
        replicator.catch_up()


def _end(history: History, replicator: Replicator, connection: psycopg.Connection[Any], *, prefix: str) -> str:
    contract = history.contract(database=replicator.database.dbname)
    planned = replicator.first_start  # the first batch was planned as soon as the first load was in stage
    blockage = replicator.blockage(contract, Known(first_batch=planned))
    versions, rejected = _received(contract, prefix)
    lake = {key: version for key, version in _latest(versions).items() if not version["deleted"]}
    stale = [row for row in rejected if _is_stale(row, _latest(versions))]
    found = _source(history, contract, connection)
    equal = found == {key: version["checksum"] for key, version in lake.items()}
    why = str(blockage) if blockage else f"{len(stale)} stale" if stale else ""
    assert equal or why, (history, found, lake)
    if history.tame:
        assert equal, (why, history, found, lake)
        assert not blockage, blockage
    if equal and not why:
        return "equal"
    return f"{'equal' if equal else 'different'}, held: {'blocked' if blockage else 'stale'}"


def _received(contract: Contract, prefix: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the accepted versions and the rejected records, with key, order and checksum."""
    s3 = boto3.client("s3")
    accepted, rejected = [], []
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=prefix)
    for entry in (entry for page in pages for entry in page.get("Contents", [])):
        content = s3.get_object(Bucket=BUCKET, Key=entry["Key"])["Body"].read()
        for batch in read_file(contract, BytesIO(content), source_file=entry["Key"]):
            by_name = {column.name: texts(batch.column(column.name), column) for column in contract.columns}
            for position, row in enumerate(batch.to_pylist()):
                values = [by_name[column.name][position] for column in contract.columns]
                key = tuple(by_name[name][position] for name in contract.key)
                deleted = row["_op"] == "D"
                order = (row["_change_seq"] or "", row["_commit_ts"] or datetime.max.replace(tzinfo=UTC), deleted)
                version = {"key": key, "order": order, "deleted": deleted, "checksum": checksum(values)}
                (rejected if row["_errors"] else accepted).append(version)
    return accepted, rejected


def _latest(versions: list[dict[str, Any]]) -> dict[tuple[str | None, ...], dict[str, Any]]:
    latest: dict[tuple[str | None, ...], dict[str, Any]] = {}
    for version in versions:
        if version["key"] not in latest or version["order"] > latest[version["key"]]["order"]:
            latest[version["key"]] = version
    return latest


def _is_stale(row: dict[str, Any], latest: dict[tuple[str | None, ...], dict[str, Any]]) -> bool:
    if None in row["key"]:
        return True
    if row["key"] not in latest:
        return not row["deleted"]
    return bool(row["order"] > latest[row["key"]]["order"])


def _source(
    history: History, contract: Contract, connection: psycopg.Connection[Any]
) -> dict[tuple[str | None, ...], int] | None:
    """Return the checksum of each row of the source by key; None if it no longer has the table and columns."""
    kinds = dict((*history.keys, *history.values))
    expressions = []
    for column in contract.columns:
        base = kinds[column.source_name].sql
        name = {"char(4)": "character", "varchar(5)": "character varying", "timestamptz": "timestamp with time zone",
                "time": "time without time zone", "int": "integer"}.get(base, base.partition("(")[0])  # fmt: skip
        sql = value_sql(column, SourceColumn(name=column.source_name, type=name, scaled="(" in base))
        expressions.append(
            f"CASE WHEN {SourceColumn(name=column.source_name, type=name).quoted} IS NOT NULL THEN {sql} END"
        )
    table = SourceColumn(name=history.table, type="").quoted
    try:
        connection.execute("SET timezone = UTC")
        rows = connection.execute(f"SELECT {', '.join(expressions)} FROM {table}").fetchall()
    except psycopg.Error:
        return None
    keys = len(history.keys)
    return {tuple(row[:keys]): checksum(row) for row in rows}
