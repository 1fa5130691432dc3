"""Tombstones go when the contract's retention is over, and the table remembers that they did. See docs/changes.md."""

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
    """How many tombstones are older than the contract's retention."""
    old = _old(contract, now=now)
    return 0 if old is None else table.scan(row_filter=old).count()


def purge(table: Table, contract: Contract, *, now: datetime) -> int:
    """Remove tombstones that are older than the contract's retention, and note it in the table's properties.

    Args:
        table: the integration table, just loaded.
        contract: the dataset; one without `retention`, or that only grows, has nothing to purge.
        now: the time.

    Returns:
        how many are gone.

    Raises:
        CommitFailedException: the table has changed since it was loaded.
    """
    old = _old(contract, now=now)
    if old is None:
        return 0
    assert contract.retention is not None
    properties = {PURGED_BEFORE: (now - contract.retention).isoformat()}
    if contract.ingest is Ingest.SNAPSHOT:
        batches = table.scan(row_filter=old, selected_fields=(BATCH_ID,)).to_arrow()[BATCH_ID]
        newest = max(filter(None, (pc.max(batches).as_py(), table.properties.get(PURGED_THROUGH))), default=None)
        properties = {PURGED_THROUGH: newest} if newest else {}
    return delete_where(table, old, properties=properties)


def _old(contract: Contract, *, now: datetime) -> BooleanExpression | None:
    """Tombstones whose change and whose arrival are both longer ago than the contract keeps data."""
    if contract.retention is None or contract.ingest is Ingest.APPEND:
        return None
    before = literal(now - contract.retention)
    old = And(
        EqualTo(term=Reference(name=DELETED), value=literal(True)),
        LessThan(term=Reference(name=INGESTED_AT), value=before),
    )
    if not contract.source.is_database:
        return old
    committed = Reference(name=COMMIT_TIMESTAMP)
    return And(old, Or(IsNull(term=committed), LessThan(term=committed, value=before)))
