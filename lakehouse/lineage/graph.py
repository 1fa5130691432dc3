"""Build the lineage graph from events: tables and columns with their sources, down to files and databases."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from difflib import get_close_matches
from functools import cached_property

from lakehouse.errors import LakehouseError
from lakehouse.lineage.events import Json
from lakehouse.names import Names, Zone

ZONES = (Zone.CURATED, Zone.INTEGRATION, Zone.RAW)
"""Zones in the order in which a table name without a zone is searched."""

Place = tuple[str, str | None]
"""A table, or one of its columns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableRun:
    """A run that wrote a table: its job, when it ended, rows written, batches that it moved, files that it read."""

    job: str
    at: datetime
    rows: int | None
    batch_ids: Sequence[str]
    files: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table of the deployment, or a source.

    Attributes:
        name: `zone.table` for a table of the deployment, else a URI.
        columns: types by column.
        made: runs that wrote it, newest first; empty for a source.
        checks: whether each quality rule passed in its last evaluation.
    """

    name: str
    columns: Mapping[str, str] = field(default_factory=dict)
    runs: Sequence[TableRun] = ()
    checks: Mapping[str, bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """A target that is computed from a source, and how."""

    source: Place
    target: Place
    how: str = ""


@dataclass(frozen=True, kw_only=True)  # without slots, which leave no room for cached properties
class Graph:
    """Tables by name, and edges between tables (without columns) and between their columns."""

    tables: Mapping[str, Table]
    edges: Sequence[Edge]

    @cached_property
    def _by_target(self) -> Mapping[Place, list[Edge]]:
        return _grouped(self.edges, lambda edge: edge.target)

    @cached_property
    def _by_source(self) -> Mapping[Place, list[Edge]]:
        return _grouped(self.edges, lambda edge: edge.source)

    def sources(self, place: Place) -> list[Edge]:
        """Return the edges from the sources of a place."""
        return self._by_target.get(place, [])

    def targets(self, place: Place) -> list[Edge]:
        """Return the edges to the targets of a place."""
        return self._by_source.get(place, [])

    def reached(self, table: str, *, up: bool) -> set[str]:
        """Return all direct and indirect sources of a table, or all that is made of it."""
        reached: set[str] = set()
        pending = [table]
        while pending:
            at: Place = (pending.pop(), None)
            near = [edge.source for edge in self.sources(at)] if up else [edge.target for edge in self.targets(at)]
            pending += {name for name, _ in near} - reached
            reached |= {name for name, _ in near}
        return reached

    def around(self, place: Place, *, up: bool, down: bool) -> "Graph":
        """Return the part of the graph with a table and all its direct and indirect sources, targets, or both."""
        names = {place[0]}
        if up:
            names |= self.reached(place[0], up=True)
        if down:
            names |= self.reached(place[0], up=False)
        return Graph(
            tables={name: table for name, table in self.tables.items() if name in names},
            edges=[edge for edge in self.edges if {edge.source[0], edge.target[0]} <= names],
        )

    def find(self, text: str) -> Place:
        """Return the table or column that `[zone.]table[.column]` or the URI of a source names.

        Raises:
            LakehouseError: no table or column has that name; the message suggests others.
        """
        if not self.tables:
            raise LakehouseError(
                "no lineage is recorded yet; `lakehouse run` and `lakehouse build` record the lineage of what they run"
            )
        before, _, last = text.rpartition(".")
        table, column = self._table(text), None
        if table is None:
            table, column = self._table(before), last
        if table is None:
            raise LakehouseError(f"no lineage of {text!r}: {_suggestion(text, self.tables)}")
        columns = self.tables[table].columns
        if column is not None and column not in columns:
            raise LakehouseError(f"{table} has no column {column!r}: {_suggestion(column, columns)}")
        return table, column

    def _table(self, text: str) -> str | None:
        return next((name for name in (text, *(f"{zone}.{text}" for zone in ZONES)) if name in self.tables), None)


def of_events(events: Iterable[Json], *, names: Names) -> Graph:
    """Build the graph from events.

    Args:
        events: events of successful runs, oldest first; a later run of a job replaces the edges of an earlier one.
        names: names of their deployment.
    """
    tables: dict[str, Table] = {}
    edges: dict[str, list[Edge]] = {}
    for event in events:
        inputs = {(item["namespace"], item["name"]): _name(item, names) for item in event["inputs"]}
        files = [item for item in event["inputs"] if "version" in item["facets"]]
        for item in event["inputs"]:
            if "version" not in item["facets"]:  # files are part of the run that read them
                _add(tables, item, inputs[item["namespace"], item["name"]], is_written=False)
        for item in event["outputs"]:
            name = _name(item, names)
            _add(tables, item, name, is_written=True)
            run = _table_run(event, item, files)
            tables[name] = replace(tables[name], runs=(run, *tables[name].runs))
            if set(inputs.values()) == {name}:
                continue  # a rollback: the rows have come from the same sources as before
            edges[name] = [
                *(Edge(source=(source, None), target=(name, None)) for source in inputs.values() if source in tables),
                *_column_edges(item, name, names),
            ]
    return Graph(tables=tables, edges=[edge for table_edges in edges.values() for edge in table_edges])


def _add(tables: dict[str, Table], dataset: Json, name: str, *, is_written: bool) -> None:
    """Add a dataset of an event; columns from a reader do not replace those from the run that wrote the table."""
    table = tables.get(name, Table(name=name))
    fields = dataset["facets"].get("schema", {}).get("fields", [])
    columns = {item["name"]: item.get("type", "") for item in fields} if fields else table.columns
    if table.runs and not is_written:
        columns = table.columns
    assertions = dataset.get("inputFacets", {}).get("dataQualityAssertions", {}).get("assertions", [])
    checks = {assertion["assertion"]: assertion["success"] for assertion in assertions} or table.checks
    tables[name] = replace(table, columns=columns, checks=checks)


def _table_run(event: Json, output: Json, files: Sequence[Json]) -> TableRun:
    return TableRun(
        job=event["job"]["name"],
        at=datetime.fromisoformat(event["eventTime"]),
        rows=output.get("outputFacets", {}).get("outputStatistics", {}).get("rowCount"),
        batch_ids=event["run"]["facets"]["lakehouse"]["batch_ids"],
        files=[f"{item['namespace']}/{item['name']}" for item in files],
    )


def _column_edges(output: Json, name: str, names: Names) -> Iterable[Edge]:
    for column, lineage in output["facets"].get("columnLineage", {}).get("fields", {}).items():
        for source in lineage["inputFields"]:
            (step,) = source["transformations"]
            how = step.get("description") or ("" if step["subtype"] == "IDENTITY" else step["subtype"].lower())
            yield Edge(source=(_name(source, names), source["field"]), target=(name, column), how=how)


def _name(dataset: Json, names: Names) -> str:
    """Return `zone.table` for a table of this deployment, a URI for anything else."""
    kind, _, table = dataset["name"].partition("/")
    if kind == "table" and dataset["namespace"].startswith("arn:aws:glue:"):
        database, _, name = table.partition("/")
        return f"{database.removeprefix(names.ops_database.removesuffix('ops'))}.{name}"
    return f"{dataset['namespace']}/{dataset['name']}"


def _grouped(edges: Iterable[Edge], end: Callable[[Edge], Place]) -> dict[Place, list[Edge]]:
    grouped: dict[Place, list[Edge]] = {}
    for edge in edges:
        grouped.setdefault(end(edge), []).append(edge)
    return grouped


def _suggestion(text: str, choices: Iterable[str]) -> str:
    """Suggest similar names, compared with and without their zone; the text may end with a column."""
    names = {name: name for name in sorted(choices)}
    short = {name.rpartition(".")[2]: name for name in names} | names
    parts = [part for part in (text, text.rpartition(".")[0]) if part]
    near = dict.fromkeys(short[match] for part in parts for match in get_close_matches(part, short, n=2))
    return f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(names)}"
