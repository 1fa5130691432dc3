"""A snapshot of a source database at a moment that later changes come after, and the columns of its tables."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from lakehouse.contracts.model import Contract
from lakehouse.engine import source_secret
from lakehouse.errors import LakehouseError
from lakehouse.names import Names
from lakehouse.reconciliation.fingerprints import SourceColumn

if TYPE_CHECKING:
    from psycopg import Connection

SESSION = "-c datestyle=ISO -c intervalstyle=postgres -c timezone=UTC -c bytea_output=hex -c extra_float_digits=3"
WAIT_SECONDS = 60.0
"""Longest wait for transactions that were in progress when the moment was chosen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A moment of the source. All changes committed before it are visible, and later ones may be too.

    Attributes:
        at: time of the source.
        position: position in its log.
    """

    at: datetime
    position: int


@contextmanager
def open_snapshot(contract: Contract, *, names: Names) -> "Iterator[tuple[Connection[Any], Moment]]":
    """Connect to the source of a contract, in one snapshot, and yield its moment too.

    Raises:
        LakehouseError: the source is not reachable or not comparable.
    """
    try:
        import psycopg
    except ModuleNotFoundError as error:
        raise LakehouseError("`lakehouse reconcile` needs psycopg: pip install 'lakehouse[reconcile]'") from error
    secret_id = names.source_secret(source=contract.source.name)
    settings = source_secret.connection_settings(source_secret.read(secret_id))
    try:
        with psycopg.connect(
            **settings,
            dbname=contract.source.database,
            connect_timeout=10,
            client_encoding="UTF8",
            application_name="lakehouse reconcile",
            options=SESSION,
            autocommit=True,
        ) as connection:
            moment = _moment(connection, contract)
            connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            yield connection, moment
    except psycopg.Error as error:
        raise LakehouseError(
            f"{contract.dataset}: the source {contract.source.name} refused to be compared: {error}. The address and "
            f"the user are in the secret {secret_id}"
        ) from error


def _moment(connection: "Connection[Any]", contract: Contract) -> Moment:
    """Return a moment whose changes are all visible now: the transactions in progress at that time have ended."""
    row = connection.execute("SELECT clock_timestamp(), pg_current_wal_insert_lsn() - '0/0'").fetchone()
    assert row is not None
    # Taken after the position, so whatever wrote its commit to the log before the position has a lower number.
    number = int(one(connection, "SELECT pg_current_xact_id()::text"))
    until = time.monotonic() + WAIT_SECONDS
    while int(one(connection, "SELECT pg_snapshot_xmin(pg_current_snapshot())::text")) <= number:
        if time.monotonic() > until:
            raise LakehouseError(
                f"{contract.dataset}: a transaction of the source has been open for {WAIT_SECONDS:.0f} s; its changes "
                "may not be compared before it ends. Run this again when it has ended (pg_stat_activity shows it)"
            )
        time.sleep(0.2)
    return Moment(at=row[0].astimezone(UTC), position=int(row[1]))


def columns_of(connection: "Connection[Any]", contract: Contract) -> dict[str, SourceColumn]:
    """Return the column of the source of each column of a contract."""
    source = contract.source
    rows = connection.execute(
        """
        WITH RECURSIVE base AS (
            SELECT a.attname, a.atttypid AS type, a.atttypmod AS modifier
            FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname = %s AND c.relname = %s AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped
            UNION ALL
            SELECT base.attname, t.typbasetype, t.typtypmod FROM base JOIN pg_type t ON t.oid = base.type
            WHERE t.typtype = 'd'
        )
        SELECT base.attname, format_type(base.type, NULL), base.modifier >= 4
        FROM base JOIN pg_type t ON t.oid = base.type WHERE t.typtype <> 'd'
        """,
        [source.schema, source.table],
    ).fetchall()
    if not rows:
        raise LakehouseError(f"{contract.dataset}: {source.name} has no table {source.schema}.{source.table}")
    found = {name: SourceColumn(name=name, type=type_, scaled=scaled) for name, type_, scaled in rows}
    missing = [column.source_name for column in contract.columns if column.source_name not in found]
    if missing:
        raise LakehouseError(
            f"{contract.dataset}: {source.schema}.{source.table} in {source.name} has no column {', '.join(missing)}: "
            "rename it back there, or correct the contract"
        )
    return {column.name: found[column.source_name] for column in contract.columns}


def one(connection: "Connection[Any]", sql: str) -> Any:
    """Return the first value of a query."""
    row = connection.execute(sql).fetchone()
    assert row is not None
    return row[0]


def literal(text: str) -> str:
    """Return a text in SQL."""
    return "E'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
