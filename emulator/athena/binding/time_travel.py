"""FOR TIMESTAMP AS OF and FOR VERSION AS OF: an earlier snapshot of an Iceberg table."""

from datetime import UTC, datetime
from typing import Any

from pyiceberg.schema import Schema
from pyiceberg.table import Table
from sqlglot import exp
from sqlglot.expressions import DType

from emulator.athena.binding.relations import IcebergRelation
from emulator.athena.duckdb.generate import duckdb_sql
from emulator.athena.runtime.errors import AthenaError, position
from emulator.athena.runtime.run import Run
from emulator.athena.typing.infer import annotate
from emulator.athena.typing.signature import type_of


def at_version(run: Run, relation: IcebergRelation, version: exp.Version) -> IcebergRelation:
    """Return the relation of the snapshot at a time, or of a snapshot by its id or reference.

    Raises:
        AthenaError: there is no such snapshot.
    """
    if version.text("kind") != "AS OF":
        raise AthenaError("NOT_SUPPORTED", f"{position(version)}: versions other than AS OF")
    node = annotate(version.expression.copy(), schema={})
    value = run.execute(f"SELECT {duckdb_sql(node)}")[0][0]
    table = relation.table
    by_time = version.name == "TIMESTAMP"
    snapshot_id = _at_timestamp(table, value, node) if by_time else _at_snapshot(table, value)
    return IcebergRelation(table, snapshot_id, _schema(table, snapshot_id))


def _at_timestamp(table: Table, value: Any, node: exp.Expr) -> int:
    if type_of(node).this not in (DType.DATE, DType.TIMESTAMP, DType.TIMESTAMPTZ):
        raise AthenaError("TYPE_MISMATCH", f"{position(node)}: a version's timestamp must be a date or timestamp")
    timestamp = value if isinstance(value, datetime) else datetime(value.year, value.month, value.day, tzinfo=UTC)
    timestamp = timestamp if timestamp.tzinfo else timestamp.replace(tzinfo=UTC)
    snapshot = table.snapshot_as_of_timestamp(int(timestamp.timestamp() * 1000))
    if snapshot is None:
        raise AthenaError(
            "INVALID_ARGUMENTS",
            f"No version history table {'.'.join(table.name())} at or before {timestamp.isoformat()}",
        )
    return snapshot.snapshot_id


def _at_snapshot(table: Table, value: Any) -> int:
    if isinstance(value, str):
        reference = table.refs().get(value)
        if reference is None:
            raise AthenaError("INVALID_ARGUMENTS", f"Cannot find snapshot with reference name: {value}")
        return reference.snapshot_id
    if table.snapshot_by_id(value) is None:
        raise AthenaError("INVALID_ARGUMENTS", f"Iceberg snapshot ID does not exists: {value}")
    return int(value)


def _schema(table: Table, snapshot_id: int) -> Schema:
    """Return the schema of a snapshot."""
    snapshot = table.snapshot_by_id(snapshot_id)
    schema_id = snapshot.schema_id if snapshot else None
    return table.schema() if schema_id is None else table.schemas()[schema_id]
