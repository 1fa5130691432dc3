"""Describe the tables of a dataset's windows as outputs of a move, with the source of each column."""

from collections.abc import Iterator

from lakehouse.contracts.model import Contract
from lakehouse.lineage import events
from lakehouse.lineage.events import Dataset, Origin, Subtype
from lakehouse.names import Names
from lakehouse.tables import windows as definitions
from lakehouse.tables.definition import Definition, integration
from lakehouse.windows.model import Windows


def outputs(contract: Contract, *, names: Names) -> list[Dataset]:
    """Return the panes and the too-late events of a dataset; empty if it has no windows."""
    if contract.windows is None:
        return []
    source = events.table(names, *integration(contract, names=names).name.split("."))
    return [
        _output(definition, contract.windows, source, names=names)
        for definition in (definitions.panes(contract, names=names), definitions.too_late(contract, names=names))
    ]


def _output(definition: Definition, windows: Windows, source: Dataset, *, names: Names) -> Dataset:
    origins = {
        name: [Origin(namespace=source.namespace, name=source.name, column=column, subtype=subtype, how=how)]
        for name, column, subtype, how in _origins(windows)
        if name in {field.name for field in definition.fields}
    }
    return events.defined(definition, names, origins=origins)


def _origins(windows: Windows) -> Iterator[tuple[str, str, Subtype, str]]:
    for name in windows.by:
        yield name, name, Subtype.IDENTITY, ""
    for name in ("window_start", "window_end"):
        yield name, windows.time, Subtype.TRANSFORMATION, f"{windows.shape} windows"
    yield "event_time", windows.time, Subtype.IDENTITY, ""
    for measure in windows.measures:
        if measure.column:
            yield measure.name, measure.column, Subtype.AGGREGATION, f"{measure.function}({measure.column})"
