"""Build the events of an attempt of a move: its input objects and tables, and the source of each column."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from lakehouse.batches.manifests import StageObject
from lakehouse.contracts.columns import DELETED, OPERATION
from lakehouse.contracts.model import Column, Contract, Deduplicate, Ingest, Severity
from lakehouse.contracts.types import Kind
from lakehouse.lineage import events, windows
from lakehouse.lineage.events import Assertion, Dataset, EventType, Json, Origin, Parent, Subtype
from lakehouse.names import Move, Names, Zone
from lakehouse.quality.results import Result, gate
from lakehouse.quality.verdict import Verdict
from lakehouse.tables.definition import Definition, integration, raw

MOST_OBJECTS = 1000
"""Most source files that an event lists; the manifest of the batch lists all of them."""

_SEVERITIES = {Severity.ERROR: "error", Severity.WARNING: "warn", Severity.INFO: "info"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """An attempt of a move on some batches.

    Attributes:
        move: the move.
        contract: the dataset.
        names: names of the deployment.
        batch_ids: the batches.
        objects: stage objects that it reads.
        run_id: id of the job run in Glue.
        started_at: start of the attempt.
        parent: run that started the job run.
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
        """The run of the attempt."""
        return events.Run(
            namespace=self.names.prefix,
            job=f"{self.move}.{self.contract.dataset}",
            key="/".join((self.run_id, *self.batch_ids)),
            integration="SPARK",
            parent=self.parent,
            about={"run_id": self.run_id, "batch_ids": list(self.batch_ids)},
        )


def started(attempt: Attempt) -> Json:
    """Build the event of the start of an attempt."""
    inputs, output = _inputs_and_output(attempt, rows=None)
    outputs = [output, *_windows(attempt)]
    return attempt.run.event(EventType.START, at=attempt.started_at, inputs=inputs, outputs=outputs)


def ended(
    attempt: Attempt,
    *,
    at: datetime,
    counts: Mapping[str, Mapping[str, int]],
    results: Mapping[str, Sequence[Result]],
    error: str | None = None,
) -> list[Json]:
    """Build the events of the end of an attempt, and of its gate if rules were evaluated.

    The gate is a job of its own, like tests in OpenLineage's integration of dbt, because quality is a facet of inputs.

    Args:
        attempt: the attempt.
        at: end of the attempt.
        counts: counts of records by batch id.
        results: results of the quality rules by batch id.
        error: error message of a failed attempt.
    """
    row_counts = [batch.get("received", batch.get("changed")) for batch in counts.values()]
    inputs, output = _inputs_and_output(attempt, rows=sum(filter(None, row_counts)) if row_counts else None)
    type_ = EventType.FAIL if error else EventType.COMPLETE
    evaluated = [result for batch in results.values() for result in batch]
    # A merge that its gate blocks leaves the table as it was; raw has the records of a blocked load.
    is_written = attempt.move is Move.STAGE_TO_RAW or not evaluated or gate(evaluated) is Verdict.PASS
    outputs = [output, *_windows(attempt)] if is_written else []
    ended_events = [attempt.run.event(type_, at=at, inputs=inputs, outputs=outputs, error=error)]
    if evaluated:
        assertions = list(_assertions(evaluated, attempt.contract))
        tested = Dataset(namespace=output.namespace, name=output.name, assertions=assertions)
        run = attempt.run.followed_by("gate", gate=str(gate(evaluated)))
        ended_events += [run.event(type_, at=at, inputs=[tested]) for type_ in (EventType.START, EventType.COMPLETE)]
    return ended_events


def _inputs_and_output(attempt: Attempt, *, rows: int | None) -> tuple[list[Dataset], Dataset]:
    """Return the datasets that an attempt reads and the table that it writes."""
    contract, names = attempt.contract, attempt.names
    if attempt.move is Move.STAGE_TO_RAW:
        source = _source(contract, names)
        inputs = [source, *map(_file, attempt.objects[:MOST_OBJECTS])]
        origins = {column.name: [_parsed(column, contract, source)] for column in contract.columns}
        return inputs, events.defined(raw(contract, names=names), names, origins=origins, rows=rows)
    source, target = events.defined(raw(contract, names=names), names), integration(contract, names=names)
    origins = _origins(target, source, how=_selection(contract))
    return [source], events.defined(target, names, origins=origins, rows=rows)


def _windows(attempt: Attempt) -> list[Dataset]:
    of_move = attempt.move is Move.RAW_TO_INTEGRATION
    return windows.outputs(attempt.contract, names=attempt.names) if of_move else []


def _source(contract: Contract, names: Names) -> Dataset:
    """Return the source of the records: the table of a database, or the stage folder in which files arrive.

    The address of a database differs by environment and is in its secret, so its name in the contract is used.
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


def _file(stage_object: StageObject) -> Dataset:
    return Dataset(
        namespace=f"s3://{stage_object.bucket}",
        name=stage_object.key,
        version=stage_object.version_id or stage_object.etag,
    )


def _parsed(column: Column, contract: Contract, source: Dataset) -> Origin:
    is_text = column.type.kind is Kind.STRING and not column.cleansing
    steps = ", ".join(dict.fromkeys(step.rule for step in column.cleansing))
    return Origin(
        namespace=source.namespace,
        name=source.name,
        column=column.source_name,
        subtype=Subtype.IDENTITY if is_text else Subtype.TRANSFORMATION,
        how=""
        if is_text
        else f"{'DMS' if contract.source.is_database else contract.source.format}"
        f"{f' cleansed by {steps},' if steps else ''} read as {column.type}",
    )


def _origins(target: Definition, source: Dataset, *, how: str) -> dict[str, list[Origin]]:
    """Return the origins of integration columns: the raw column of the same name, or the operation for deletions."""

    def origin(column: str, subtype: Subtype = Subtype.IDENTITY) -> list[Origin]:
        return [Origin(namespace=source.namespace, name=source.name, column=column, subtype=subtype, how=how)]

    origins = {field.name: origin(field.name) for field in target.fields if field.name in source.columns}
    if DELETED in (field.name for field in target.fields) and OPERATION in source.columns:
        origins[DELETED] = origin(OPERATION, Subtype.TRANSFORMATION)
    return origins


def _selection(contract: Contract) -> str:
    """Describe which raw records become rows of integration."""
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
    """Yield the rules that were evaluated; a rule that could not be evaluated only affects the verdict of the gate."""
    columns = {rule.name: rule.column for rule in contract.quality}
    for result in results:
        if result.measured is not None:
            yield Assertion(
                rule=result.rule,
                passed=result.verdict is Verdict.PASS,
                column=columns.get(result.rule),
                severity=_SEVERITIES[result.severity],
            )
