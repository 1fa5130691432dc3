"""Build the events of dbt models from the output of a build: its manifest with the compiled SQL, and its results.

Source: dbt documentation, "Manifest JSON file" and "Run results JSON file".
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any

from lakehouse.errors import LakehouseError
from lakehouse.lineage import events, sql
from lakehouse.lineage.events import Assertion, Dataset, EventType, Json, Origin, Parent
from lakehouse.lineage.sql import Table
from lakehouse.names import Names

log = logging.getLogger(__name__)

Columns = Mapping[Table, Mapping[str, str]]
"""Columns of tables, with their types."""


def of_build(
    manifest: Mapping[str, Any],
    results: Mapping[str, Any],
    *,
    columns: Columns,
    names: Names,
    parent: Parent | None,
    refused: Mapping[str, str] = MappingProxyType({}),
) -> dict[str, list[Json]]:
    """Build the events of each model that succeeded or failed, and of its tests; skipped models have none.

    Args:
        manifest, results: documents of dbt.
        columns: columns of every table that the models read or write.
        names: names of the deployment.
        parent: run that started the build.
        refused: models whose rows were not published, by dbt's id, with the reason.

    Returns:
        events by model, oldest first.
    """
    by_model: dict[str, list[Json]] = {}
    tests = _tests(manifest, results)
    for result in results["results"]:
        node = manifest["nodes"].get(result["unique_id"])  # unit tests are elsewhere: they read no table
        if node and node["resource_type"] == "model" and (times := _times(result)):
            run = events.Run(
                namespace=names.prefix,
                job=f"dbt.{node['name']}",
                key=results["metadata"]["invocation_id"],
                integration="DBT",
                parent=parent,
                about={"run_id": results["metadata"]["invocation_id"], "batch_ids": []},
            )
            error = refused.get(result["unique_id"]) or (result["message"] if result["status"] == "error" else None)
            own = _model_events(run, node, result, times, error=error, manifest=manifest, columns=columns, names=names)
            by_model[node["name"]] = own + _test_events(run, node, tests.get(result["unique_id"], []), names=names)
    return by_model


def tables(manifest: Mapping[str, Any], results: Mapping[str, Any]) -> set[Table]:
    """Return the tables that the models of a build read or write."""
    built = [manifest["nodes"].get(result["unique_id"]) for result in results["results"]]
    models = [node for node in built if node and node["resource_type"] == "model"]
    return {_table(node) for model in models for node in (model, *_parents(model, manifest))}


def _model_events(
    run: events.Run,
    node: Mapping[str, Any],
    result: Mapping[str, Any],
    times: tuple[datetime, datetime],
    *,
    error: str | None,
    manifest: Mapping[str, Any],
    columns: Columns,
    names: Names,
) -> list[Json]:
    def dataset(table: Table, **fields: Any) -> Dataset:
        return events.table(names, *table, columns=columns.get(table, {}), **fields)

    reads = [_table(parent) for parent in _parents(node, manifest)]
    failed = error is not None
    inputs = [dataset(table) for table in reads]
    run_id = run.about["run_id"]
    origins = {} if failed else _origins(node, {table: columns.get(table, {}) for table in reads}, names, run_id)
    rows = None if failed else result["adapter_response"].get("rows_affected")
    outputs = [dataset(_table(node), origins=origins, rows=rows)]
    end = EventType.FAIL if failed else EventType.COMPLETE
    return [
        run.event(EventType.START, at=times[0], inputs=inputs, outputs=[dataset(_table(node))]),
        run.event(end, at=times[1], inputs=inputs, outputs=outputs, error=error),
    ]


def _origins(node: Mapping[str, Any], reads: Columns, names: Names, invocation: str) -> dict[str, list[Origin]]:
    # A model reads what the same build has made; people know these tables by the names under which it publishes them.
    published = node["compiled_code"].replace(f'__{invocation[:8]}"', '"')
    try:
        tables = {table: list(names_and_types) for table, names_and_types in reads.items()}
        sources_by_column = sql.columns(published, tables=tables)
    except LakehouseError as error:
        log.warning("dbt model %s: %s", node["name"], error)
        return {}

    def origin(source: sql.Source) -> Origin:
        table = events.table(names, *source.table)
        return Origin(
            namespace=table.namespace, name=table.name, column=source.column, subtype=source.subtype, how=source.how
        )

    return {column: [origin(source) for source in sources] for column, sources in sources_by_column.items()}


def _test_events(
    run: events.Run, node: Mapping[str, Any], tests: Sequence[tuple[Assertion, datetime]], *, names: Names
) -> list[Json]:
    """Build the events of a model's tests, which are a job of their own as in OpenLineage's integration of dbt."""
    if not tests:
        return []
    tested = events.table(names, *_table(node), assertions=[assertion for assertion, _ in tests])
    after, last = run.followed_by("test"), max(at for _, at in tests)
    return [after.event(type_, at=last, inputs=[tested]) for type_ in (EventType.START, EventType.COMPLETE)]


def _tests(manifest: Mapping[str, Any], results: Mapping[str, Any]) -> dict[str, list[tuple[Assertion, datetime]]]:
    """Return the results of the tests with their end times, by the models that the tests read."""
    by_model: dict[str, list[tuple[Assertion, datetime]]] = {}
    for result in results["results"]:
        node = manifest["nodes"].get(result["unique_id"])
        times = _times(result)
        if node is None or node["resource_type"] != "test" or not times:
            continue
        assertion = Assertion(
            rule=node["name"],
            passed=result["status"] == "pass",
            column=node.get("column_name"),
            severity=node["config"]["severity"].lower(),
        )
        for parent in node["depends_on"]["nodes"]:
            by_model.setdefault(parent, []).append((assertion, times[1]))
    return by_model


def _times(result: Mapping[str, Any]) -> tuple[datetime, datetime] | None:
    """Return start and end of a result; None if dbt skipped the node."""
    times = [datetime.fromisoformat(step[at]) for step in result["timing"] for at in ("started_at", "completed_at")]
    return (min(times), max(times)) if times else None


def _parents(node: Mapping[str, Any], manifest: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    return [manifest["nodes"].get(key) or manifest["sources"][key] for key in node["depends_on"]["nodes"]]


def _table(node: Mapping[str, Any]) -> Table:
    return node["schema"], node.get("alias") or node["identifier"]
