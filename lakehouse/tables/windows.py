"""Definitions of the tables of a dataset's windows: panes, too-late events, and the state between two batches."""

from collections.abc import Iterable

from lakehouse.contracts import columns, types
from lakehouse.contracts.model import Contract
from lakehouse.contracts.types import Kind, Type
from lakehouse.names import Names, WindowTable, Zone
from lakehouse.tables.definition import WINDOWS_PROPERTY, Definition, Field, integration, properties
from lakehouse.windows.model import Function, Measure, Windows

_NO_RETRIES = {"commit.retry.num-retries": "0"}
"""A commit must not be repeated on the state that another step left."""

STEP = "_step"
"""Column: the commit of panes that a row belongs to."""

WATERMARK = Field(
    name="watermark", type=types.TIMESTAMP, doc="Watermark by which the batch was judged; null: the first"
)
WINDOW = (
    Field(name="window_start", type=types.TIMESTAMP, doc="First event time of the window"),
    Field(name="window_end", type=types.TIMESTAMP, doc="First event time after the window"),
)


def of_contracts(contracts: Iterable[Contract], *, names: Names) -> list[Definition]:
    """Return the definitions of the tables of all datasets that have windows."""
    return [
        define(contract, names=names)
        for contract in contracts
        if contract.windows
        for define in (panes, too_late, state)
    ]


def panes(contract: Contract, *, names: Names) -> Definition:
    """Define the table of panes; rows are only appended."""
    windows = _windows(contract)
    return _define(
        contract,
        WindowTable.PANES,
        description=f"Panes of {contract.dataset}: {windows}",
        fields=(
            *_by(contract),
            *WINDOW,
            Field(name="pane_index", type=types.LONG, doc="Number of the pane in its window, from 0"),
            Field(name="timing", type=types.STRING, doc="EARLY, ON_TIME or LATE, compared with the watermark"),
            Field(name="sign", type=types.INT, doc="1, or -1 for a row that takes back what was said before"),
            Field(name="events", type=types.LONG, doc="Number of events"),
            *(
                Field(name=measure.name, type=type_of(measure, contract), doc=str(measure))
                for measure in windows.measures
            ),
            WATERMARK,
            Field(name=columns.BATCH_ID, type=types.STRING, doc="Last batch of the events that caused the pane"),
        ),
        names=names,
    )


def too_late(contract: Contract, *, names: Names) -> Definition:
    """Define the table of the events that came too late for a window: one row for each event and window."""
    return _define(
        contract,
        WindowTable.TOO_LATE,
        description=f"Events of {contract.dataset} that came too late for a window, and are not in its panes",
        fields=(
            *_by(contract),
            *WINDOW,
            Field(name="event_time", type=types.TIMESTAMP, doc=f"The event's {_windows(contract).time}"),
            WATERMARK,
            Field(name=columns.SOURCE_FILE, type=types.STRING, doc="S3 URI of the object that held the event"),
            Field(name=columns.SOURCE_ROW, type=types.LONG, doc="Line or number of the event in it"),
            Field(name=columns.BATCH_ID, type=types.STRING, doc="Batch of the event"),
            Field(name=STEP, type=types.STRING, doc="Commit of panes that left the event out"),
        ),
        names=names,
    )


def state(contract: Contract, *, names: Names) -> Definition:
    """Define the table that jobs read and write between batches: open windows, counted loads, too-late events."""
    return _define(
        contract,
        WindowTable.STATE,
        description=f"State of the windows of {contract.dataset}; for the jobs",
        fields=(
            Field(name=STEP, type=types.STRING, doc="Commit of panes; empty for the loads of all earlier ones"),
            Field(name="kind", type=types.STRING, doc="window, load or too_late"),
            Field(name=columns.BATCH_ID, type=types.STRING, doc="Batch of a load"),
            Field(name=columns.INGESTED_AT, type=types.TIMESTAMP, doc="When the batch was loaded"),
            Field(name="content", type=types.STRING, doc="An open window, or a too-late event, as JSON"),
        ),
        names=names,
    )


def type_of(measure: Measure, contract: Contract) -> Type:
    """Return the type of a measure; a sum has as many digits as a decimal can have."""
    if measure.function is Function.COUNT or measure.column is None:
        return types.LONG
    type_ = contract.column(measure.column).type
    if measure.function is Function.SUM:
        return types.decimal(types.MAX_DECIMAL_PRECISION, type_.scale if type_.kind is Kind.DECIMAL else 0)
    return type_


def _windows(contract: Contract) -> Windows:
    assert contract.windows is not None  # its callers have looked
    return contract.windows


def _by(contract: Contract) -> tuple[Field, ...]:
    by = (contract.column(name) for name in _windows(contract).by)
    return tuple(Field(name=column.name, type=column.type, doc=column.description) for column in by)


def _define(
    contract: Contract, which: WindowTable, *, description: str, fields: tuple[Field, ...], names: Names
) -> Definition:
    of_dataset, table = integration(contract, names=names), which.of(contract.dataset)
    return Definition(
        database=of_dataset.database,
        table=table,
        location=names.table_location(Zone.INTEGRATION, domain=contract.domain, table=table),
        fields=fields,
        properties=of_dataset.properties
        | properties(description)
        | _NO_RETRIES
        | {WINDOWS_PROPERTY: str(_windows(contract))},
        snapshot_days=of_dataset.snapshot_days,
    )
