"""Columns of raw that say what happened to a row: those that DMS adds, and the same ones of change events."""

from dataclasses import replace
from functools import cache

from lakehouse.contracts import columns, dms
from lakehouse.contracts.model import Column, Contract, Options
from lakehouse.contracts.types import STRING, TIMESTAMP

# A change sequence has 35 digits; a row of the full load has none.
# Source: AWS DMS user guide, "Replicating source table headers using expressions".
_DMS = (
    Column(
        name=columns.OPERATION,
        type=STRING,
        source_name=dms.OPERATION,
        required=True,
        enum=(dms.INSERT, dms.UPDATE, dms.DELETE),
    ),
    Column(name=columns.COMMIT_TIMESTAMP, type=TIMESTAMP, source_name=dms.COMMIT_TIMESTAMP, required=True),
    Column(
        name=columns.CHANGE_SEQUENCE,
        type=STRING,
        source_name=dms.CHANGE_SEQUENCE,
        options=Options(pattern="^(?:[0-9]{35})?$"),
    ),
)

# A source may have a column of any name, so these begin with a character that no source writes into a name. The
# reader of the events gives the reason if one of their values is missing.
_EVENTS = tuple(
    replace(column, source_name=f"\0{column.name}", required=False, enum=(), options=Options()) for column in _DMS
)

OPERATION, COMMIT_TIME, SEQUENCE = (column.source_name for column in _EVENTS)
"""Names, in a chunk, of the columns that are made from change events."""


@cache
def change_columns(contract: Contract) -> tuple[Column, ...]:
    """Return the columns that a source of changes adds to those of the contract."""
    if contract.source.changes is not None:
        return _EVENTS
    return _DMS if contract.source.is_database else ()


def operation_column(contract: Contract) -> str | None:
    """Return the name, in a chunk, of the column with the operations; None if the records have none."""
    return next((column.source_name for column in change_columns(contract)), None)
