"""The graph that events make: tables and what they are made of, column by column, down to files and databases."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from difflib import get_close_matches

from lakehouse.errors import LakehouseError
from lakehouse.lineage.events import Json
from lakehouse.names import Names, Zone

ZONES = (Zone.CURATED, Zone.INTEGRATION, Zone.RAW)
"""Of tables with one name, the first of these is meant."""

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
    """A table, or what stands for a source.

    Args:
        name: `zone.table` of the deployment's own, else a URI.
        columns: names and types.
        made: runs that wrote it, newest first; of a source none.
        checks: quality rules, each with whether it passed, as they were evaluated last.
    """

    name: str
    columns: Mapping[str, str] = field(default_factory=dict)
    runs: Sequence[TableRun] = ()
    checks: Mapping[str, bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """A place that is made of another one, and how."""

    source: Place
    target: Place
    how: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """Tables by name, and edges between tables (without columns) and between their columns."""

    tables: Mapping[str, Table]
    edges: Sequence[Edge]

    def sources(self, place: Place) -> list[Edge]:
        """What a place is made of."""
        return [edge for edge in self.edges if edge.target == place]

    def targets(self, place: Place) -> list[Edge]:
        """What is made of a place."""
        return [edge for edge in self.edges if edge.source == place]

    def around(self, place: Place, *, up: bool, down: bool) -> "Graph":
        """The part that a table is made of, that is made of it, or both."""
        start: Place = (place[0], None)
        found = {start}
        if up:
            found |= _reached(start, lambda at: [edge.source for edge in self.sources(at)])
        if down:
            found |= _reached(start, lambda at: [edge.target for edge in self.targets(at)])
        names = {name for name, _ in found}
        return Graph(
            tables={name: table for name, table in self.tables.items() if name in names},
            edges=[edge for edge in self.edges if {edge.source[0], edge.target[0]} <= names],
        )

    def find(self, asked: str) -> Place:
        """The table or column that `[zone.]table[.column]` or a source's URI means.

        Raises:
            LakehouseError: there is none; names what there is.
        """
        if not self.tables:
            raise LakehouseError(
                "no lineage is recorded yet: jobs (`lakehouse run`) and models (`lakehouse build`) record theirs"
            )
        before, _, last = asked.rpartition(".")
        table, column = self._table(asked), None
        if table is None:
            table, column = self._table(before), last
        if table is None:
            raise LakehouseError(f"no lineage of {asked!r}: {_instead(asked, self.tables)}")
        columns = self.tables[table].columns
        if column is not None and column not in columns:
            raise LakehouseError(f"{table} has no column {column!r}: {_instead(column, columns)}")
        return table, column

    def _table(self, asked: str) -> str | None:
        return next((name for name in (asked, *(f"{zone}.{asked}" for zone in ZONES)) if name in self.tables), None)


def of_events(events: Iterable[Json], *, names: Names) -> Graph:
    """The graph of the latest events of each job.

    Args:
        events: of runs that ended well, oldest first; of loads the last ones, of other jobs the last one counts.
        names: names of the deployment that they are of.
    """
    tables: dict[str, Table] = {}
    edges: dict[str, list[Edge]] = {}
    for event in events:
        inputs = {(item["namespace"], item["name"]): _name(item, names) for item in event["inputs"]}
        files = [item for item in event["inputs"] if "version" in item["facets"]]
        for item in event["inputs"]:
            if "version" not in item["facets"]:  # a file is told with the run that read it
                _add(tables, item, inputs[item["namespace"], item["name"]], is_written=False)
        for item in event["outputs"]:
            name = _name(item, names)
            _add(tables, item, name, is_written=True)
            run = _table_run(event, item, files)
            tables[name] = replace(tables[name], runs=(run, *tables[name].runs))
            edges[name] = [
                *(Edge(source=(source, None), target=(name, None)) for source in inputs.values() if source in tables),
                *_column_edges(item, name, names),
            ]
    return Graph(tables=tables, edges=[edge for of_table in edges.values() for edge in of_table])


def _add(tables: dict[str, Table], dataset: Json, name: str, *, is_written: bool) -> None:
    """Take up what an event says of a dataset; what only its reader says does not replace what its writer said."""
    table = tables.get(name, Table(name=name))
    fields = dataset["facets"].get("schema", {}).get("fields", [])
    columns = {item["name"]: item.get("type", "") for item in fields} if fields else table.columns
    if table.runs and not is_written:
        columns = table.columns
    found = dataset.get("inputFacets", {}).get("dataQualityAssertions", {}).get("assertions", [])
    checks = {item["assertion"]: item["success"] for item in found} or table.checks
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
    for column, of in output["facets"].get("columnLineage", {}).get("fields", {}).items():
        for source in of["inputFields"]:
            (done,) = source["transformations"]
            how = done.get("description") or ("" if done["subtype"] == "IDENTITY" else done["subtype"].lower())
            yield Edge(source=(_name(source, names), source["field"]), target=(name, column), how=how)


def _name(dataset: Json, names: Names) -> str:
    """`zone.table` of a table of this deployment, a URI of anything else."""
    kind, _, table = dataset["name"].partition("/")
    if kind == "table" and dataset["namespace"].startswith("arn:aws:glue:"):
        database, _, name = table.partition("/")
        return f"{database.removeprefix(names.ops_database.removesuffix('ops'))}.{name}"
    return f"{dataset['namespace']}/{dataset['name']}"


def _reached(start: Place, following: Callable[[Place], Iterable[Place]]) -> set[Place]:
    found: set[Place] = set()
    pending = [start]
    while pending:
        for place in following(pending.pop()):
            if place not in found:
                found.add(place)
                pending.append(place)
    return found


def _instead(asked: str, known: Iterable[str]) -> str:
    """What may have been meant: a name as a whole, or without its zone; what was asked for may end with a column."""
    names = {name: name for name in sorted(known)}
    short = {name.rpartition(".")[2]: name for name in names} | names
    parts = [part for part in (asked, asked.rpartition(".")[0]) if part]
    near = dict.fromkeys(short[match] for part in parts for match in get_close_matches(part, short, n=2))
    return f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(names)}"
