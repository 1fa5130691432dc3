"""Events of an attempt of a move: which objects and tables its batches came from, and which column from which."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lakehouse.batches.manifests import StageObject
from lakehouse.contracts.columns import DELETED, OPERATION
from lakehouse.contracts.model import Column, Contract, Deduplicate, Ingest, Severity
from lakehouse.contracts.types import Kind
from lakehouse.lineage import events
from lakehouse.lineage.events import Assertion, Dataset, EventType, Json, Origin, Parent, Subtype
from lakehouse.names import Move, Names, Zone
from lakehouse.quality.results import Result, gate
from lakehouse.quality.verdict import Verdict
from lakehouse.tables import definition as table_definition
from lakehouse.tables.definition import Definition

MOST_OBJECTS = 1000
"""An event names at most so many source files; the rest stand in the batch's manifest."""

_SEVERITIES = {Severity.ERROR: "error", Severity.WARNING: "warn", Severity.INFO: "info"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """An attempt of a move on some batches.

    Args:
        move, contract, names: what is moved.
        batch_ids: the batches.
        objects: stage objects that it reads.
        run_id: Glue's id of the job run.
        started_at: when.
        parent: what started the job run.
    """

    move: Move
    contract: Contract
    names: Names
    batch_ids: Sequence[str]
    objects: Sequence[StageObject]
    run_id: str
    started_at: datetime
    parent: Parent | None

    @property
    def run(self) -> events.Run:
        return events.Run(
            namespace=self.names.prefix,
            job=f"{self.move}.{self.contract.dataset}",
            key="/".join((self.run_id, *self.batch_ids)),
            integration="SPARK",
            parent=self.parent,
            about={"run_id": self.run_id, "batch_ids": list(self.batch_ids)},
        )


def started(attempt: Attempt) -> Json:
    """The event of its beginning."""
    inputs, output = _places(attempt, rows=None)
    return attempt.run.event(EventType.START, at=attempt.started_at, inputs=inputs, outputs=[output])


def ended(
    attempt: Attempt,
    *,
    at: datetime,
    counts: Mapping[str, Mapping[str, int]],
    results: Mapping[str, Sequence[Result]],
    error: str | None = None,
) -> list[Json]:
    """The events of its end: of the move, and of its gate if rules were evaluated.

    The gate is a job of its own, as tests are in OpenLineage's integration of dbt: quality is a facet of what is read.

    Args:
        attempt: what ended.
        at: when.
        counts: what was counted, by batch id.
        results: what became of its quality rules, by batch id.
        error: why it failed.
    """
    counted = [found.get("received", found.get("changed")) for found in counts.values()]
    inputs, output = _places(attempt, rows=sum(filter(None, counted)) if counted else None)
    type_ = EventType.FAIL if error else EventType.COMPLETE
    found = [attempt.run.event(type_, at=at, inputs=inputs, outputs=[output], error=error)]
    if evaluated := [result for of_batch in results.values() for result in of_batch]:
        assertions = list(_assertions(evaluated, attempt.contract))
        judged = Dataset(namespace=output.namespace, name=output.name, assertions=assertions)
        run = attempt.run.followed_by("gate", gate=str(gate(evaluated)))
        found += [run.event(type_, at=at, inputs=[judged]) for type_ in (EventType.START, EventType.COMPLETE)]
    return found


def _places(attempt: Attempt, *, rows: int | None) -> tuple[list[Dataset], Dataset]:
    """What the attempt reads and the table that it writes."""
    contract, names = attempt.contract, attempt.names
    raw = table_definition.raw(contract, names=names)
    if attempt.move is Move.STAGE_TO_RAW:
        source = _source(contract, names)
        inputs = [source, *map(_file, attempt.objects[:MOST_OBJECTS])]
        origins = {column.name: [_parsed(column, contract, source)] for column in contract.columns}
        return inputs, _table(raw, names, origins=origins, rows=rows)
    source = _table(raw, names)
    integration = table_definition.integration(contract, names=names)
    origins = _chosen(integration, source, how=_choice(contract))
    return [source], _table(integration, names, origins=origins, rows=rows)


def _table(definition: Definition, names: Names, **given: Any) -> Dataset:
    columns = {field.name: field.type.glue for field in definition.fields}
    return events.table(names, definition.database, definition.table, columns=columns, **given)


def _source(contract: Contract, names: Names) -> Dataset:
    """Where records come from: a database's table, or the folder of stage that others' files arrive in.

    The address of a database differs by environment and is in its secret: the contracts' name of it stands for it.
    """
    columns = {column.source_name: "" for column in contract.columns}
    source = contract.source
    if source.is_database:
        schema = (source.schema,) if source.schema != source.database else ()
        name = ".".join(part for part in (source.database, *schema, source.table) if part)
        return Dataset(namespace=f"{source.type}://{source.name}", name=name, columns=columns)
    return Dataset(
        namespace=f"s3://{names.bucket(Zone.STAGE)}", name=contract.stage_prefix.rstrip("/"), columns=columns
    )


def _file(item: StageObject) -> Dataset:
    return Dataset(namespace=f"s3://{item.bucket}", name=item.key, version=item.version_id or item.etag)


def _parsed(column: Column, contract: Contract, source: Dataset) -> Origin:
    is_text = column.type.kind is Kind.STRING
    return Origin(
        namespace=source.namespace,
        name=source.name,
        column=column.source_name,
        subtype=Subtype.IDENTITY if is_text else Subtype.TRANSFORMATION,
        how=""
        if is_text
        else f"{'DMS' if contract.source.is_database else contract.source.format} read as {column.type}",
    )


def _chosen(integration: Definition, raw: Dataset, *, how: str) -> dict[str, list[Origin]]:
    """Columns of rows that are raw records as they were; whether one is deleted, its operation says."""

    def origin(column: str, subtype: Subtype = Subtype.IDENTITY) -> list[Origin]:
        return [Origin(namespace=raw.namespace, name=raw.name, column=column, subtype=subtype, how=how)]

    same = {field.name: origin(field.name) for field in integration.fields if field.name in raw.columns}
    if DELETED in (field.name for field in integration.fields) and OPERATION in raw.columns:
        same[DELETED] = origin(OPERATION, Subtype.TRANSFORMATION)
    return same


def _choice(contract: Contract) -> str:
    """Which of the raw records become rows."""
    key = ", ".join(contract.key)
    if contract.ingest is not Ingest.APPEND:
        by = f" by {', '.join(contract.ordering)}" if contract.ordering else ""
        return f"latest version of each {key}{by}"
    return {
        Deduplicate.NONE: "each record once",
        Deduplicate.KEY: f"latest record of each {key}",
        Deduplicate.RECORD: "equal records once",
    }[contract.deduplicate]


def _assertions(results: Iterable[Result], contract: Contract) -> Iterable[Assertion]:
    """What was measured; a rule that could not be evaluated neither passed nor failed, the gate says so."""
    columns = {rule.name: rule.column for rule in contract.quality}
    for result in results:
        if result.measured is not None:
            yield Assertion(
                rule=result.rule,
                passed=result.verdict is Verdict.PASS,
                column=columns.get(result.rule),
                severity=_SEVERITIES[result.severity],
            )
