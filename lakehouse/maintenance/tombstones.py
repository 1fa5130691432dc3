"""Purge tombstones after the contract's retention; the purge time is a table property. See docs/changes.md."""

from datetime import datetime

import pyarrow.compute as pc
from pyiceberg.expressions import And, BooleanExpression, EqualTo, IsNull, LessThan, Or, Reference
from pyiceberg.expressions.literals import literal
from pyiceberg.table import Table

from lakehouse.contracts.columns import BATCH_ID, COMMIT_TIMESTAMP, DELETED, INGESTED_AT
from lakehouse.contracts.model import Contract, Ingest
from lakehouse.maintenance.rewriting import delete_where
from lakehouse.tables.definition import PURGED_BEFORE, PURGED_THROUGH


def count(table: Table, contract: Contract, *, now: datetime) -> int:
    """Return the number of tombstones that are older than the contract's retention."""
    old = _expired(contract, now=now)
    return 0 if old is None else table.scan(row_filter=old).count()


def purge(table: Table, contract: Contract, *, now: datetime) -> int:
    """Remove tombstones that are older than the contract's retention, and set the purge time as a table property.

    Args:
        table: the integration table, just loaded.
        contract: the dataset; an append-only dataset, or one without `retention`, has nothing to purge.
        now: current time.

    Returns:
        the number of removed tombstones.

    Raises:
        CommitFailedException: the table has changed since it was loaded.
    """
    old = _expired(contract, now=now)
    if old is None:
        return 0
    assert contract.retention is not None
    properties = {PURGED_BEFORE: (now - contract.retention).isoformat()}
    if contract.ingest is Ingest.SNAPSHOT:
        batches = table.scan(row_filter=old, selected_fields=(BATCH_ID,)).to_arrow()[BATCH_ID]
        newest = max(filter(None, (pc.max(batches).as_py(), table.properties.get(PURGED_THROUGH))), default=None)
        properties = {PURGED_THROUGH: newest} if newest else {}
    return delete_where(table, old, properties=properties)


def _expired(contract: Contract, *, now: datetime) -> BooleanExpression | None:
    """Return the condition for tombstones whose change and arrival are both older than the contract's retention."""
    if contract.retention is None or contract.ingest is Ingest.APPEND:
        return None
    before = literal(now - contract.retention)
    old = And(
        EqualTo(term=Reference(name=DELETED), value=literal(True)),
        LessThan(term=Reference(name=INGESTED_AT), value=before),
    )
    if not contract.source.has_operations:
        return old
    committed = Reference(name=COMMIT_TIMESTAMP)
    return And(old, Or(IsNull(term=committed), LessThan(term=committed, value=before)))
