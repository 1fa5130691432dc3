"""OpenLineage events: one when a run starts, one when it ends.

Source: OpenLineage specification 2-0-2; "Naming Conventions" for the names of S3 objects and Glue tables.
"""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from lakehouse.names import Names

Json = dict[str, Any]

PRODUCER = "https://github.com/lakehouse/lakehouse"
SPECIFICATION = "https://openlineage.io/spec"
CORE = f"{SPECIFICATION}/2-0-2/OpenLineage.json"
FACETS = {
    "columnLineage": "1-1-0/ColumnLineageDatasetFacet",
    "dataQualityAssertions": "1-1-0/DataQualityAssertionsDatasetFacet",
    "errorMessage": "1-0-0/ErrorMessageRunFacet",
    "jobType": "2-0-2/JobTypeJobFacet",
    "outputStatistics": "1-0-0/OutputStatisticsOutputDatasetFacet",
    "parent": "1-1-0/ParentRunFacet",
    "schema": "1-0-0/SchemaDatasetFacet",
    "version": "1-0-0/DatasetVersionDatasetFacet",
}


class EventType(StrEnum):
    """Where a run is."""

    START = "START"
    COMPLETE = "COMPLETE"
    FAIL = "FAIL"


class Subtype(StrEnum):
    """What is done to a column directly: OpenLineage's subtypes of `DIRECT`."""

    IDENTITY = "IDENTITY"
    TRANSFORMATION = "TRANSFORMATION"
    AGGREGATION = "AGGREGATION"


class Parent(NamedTuple):
    """The run that started a run: its job, e.g. a DAG's task or a state machine, and its id there."""

    job: str
    run: str

    @classmethod
    def of(cls, text: str | None) -> "Parent | None":
        """Read `job/run`, as jobs get it by argument and dbt by variable; None if there is none."""
        job, found, run = (text or "").partition("/")
        return cls(job, run) if found else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """A column that another one is made of, and how."""

    namespace: str
    name: str
    column: str
    subtype: Subtype
    how: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assertion:
    """A quality rule that was evaluated; `column` is None for a whole table, `severity` is `error` or `warn`."""

    rule: str
    passed: bool
    column: str | None
    severity: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """What a run reads or writes.

    Args:
        namespace, name: its place, as OpenLineage names it.
        columns: names and types, "" where a type is not known; none for a file.
        origins: for each column, what it is made of.
        version: of an object, its version or ETag.
        rows: how many rows were written; None where that is not known yet.
        assertions: quality rules that were evaluated on it.
    """

    namespace: str
    name: str
    columns: Mapping[str, str] = field(default_factory=dict)
    origins: Mapping[str, Sequence[Origin]] = field(default_factory=dict)
    version: str | None = None
    rows: int | None = None
    assertions: Sequence[Assertion] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run of a job, as all its events say it.

    Args:
        namespace, job: what it is a run of.
        key: what makes it this run and no other; equal keys are one run.
        integration: what runs it, e.g. `SPARK` or `DBT`.
        parent: what started it.
        about: what else is known of it, for the facet `lakehouse`.
    """

    namespace: str
    job: str
    key: str
    integration: str
    parent: Parent | None = None
    about: Mapping[str, Any] = field(default_factory=dict)

    def followed_by(self, what: str, **about: Any) -> "Run":
        """The run of what looks at the result of this one, e.g. its `gate`."""
        return replace(self, job=f"{self.job}.{what}", parent=Parent(self.job, self.key), about={**self.about, **about})

    def event(
        self,
        type_: EventType,
        *,
        at: datetime,
        inputs: Iterable[Dataset],
        outputs: Iterable[Dataset] = (),
        error: str | None = None,
    ) -> Json:
        """One event.

        Args:
            type_: where the run is.
            at: when, with a time zone.
            inputs, outputs: what it reads and writes, with what is known of it now.
            error: why it failed.
        """
        facets = {"lakehouse": _facet(f"{CORE}#/$defs/RunFacet", **self.about)}
        if self.parent:
            job = {"namespace": self.namespace, "name": self.parent.job}
            facets["parent"] = _published("parent", run={"runId": run_id(self.namespace, *self.parent)}, job=job)
        if error:
            facets["errorMessage"] = _published("errorMessage", message=error, programmingLanguage="Python")
        job_type = _published("jobType", processingType="BATCH", integration=self.integration, jobType="JOB")
        return {
            "eventType": str(type_),
            "eventTime": at.isoformat(),
            "producer": PRODUCER,
            "schemaURL": f"{CORE}#/$defs/RunEvent",
            "run": {"runId": run_id(self.namespace, self.job, self.key), "facets": facets},
            "job": {"namespace": self.namespace, "name": self.job, "facets": {"jobType": job_type}},
            "inputs": [_input(dataset) for dataset in inputs],
            "outputs": [_output(dataset) for dataset in outputs],
        }


def table(names: Names, database: str, name: str, **given: Any) -> Dataset:
    """A table of the Glue catalog."""
    return Dataset(namespace=f"arn:aws:glue:{names.region}:{names.account}", name=f"table/{database}/{name}", **given)


def run_id(*parts: str) -> str:
    """The UUID that OpenLineage wants of a run; equal parts give equal ids."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, "/".join((PRODUCER, *parts))))


def _input(dataset: Dataset) -> Json:
    if not dataset.assertions:
        return _named(dataset)
    assertions = [
        {"assertion": item.rule, "success": item.passed, "severity": item.severity}
        | ({"column": item.column} if item.column else {})
        for item in dataset.assertions
    ]
    return _named(dataset) | {
        "inputFacets": {"dataQualityAssertions": _published("dataQualityAssertions", assertions=assertions)}
    }


def _output(dataset: Dataset) -> Json:
    if dataset.rows is None:
        return _named(dataset)
    return _named(dataset) | {
        "outputFacets": {"outputStatistics": _published("outputStatistics", rowCount=dataset.rows)}
    }


def _named(dataset: Dataset) -> Json:
    facets: Json = {}
    if dataset.columns:
        fields = [{"name": name} | ({"type": type_} if type_ else {}) for name, type_ in dataset.columns.items()]
        facets["schema"] = _published("schema", fields=fields)
    if dataset.origins:
        made_of = {column: {"inputFields": list(map(_field, of))} for column, of in dataset.origins.items()}
        facets["columnLineage"] = _published("columnLineage", fields=made_of)
    if dataset.version:
        facets["version"] = _published("version", datasetVersion=dataset.version)
    return {"namespace": dataset.namespace, "name": dataset.name, "facets": facets}


def _field(origin: Origin) -> Json:
    done = {"type": "DIRECT", "subtype": str(origin.subtype)} | ({"description": origin.how} if origin.how else {})
    place = {"namespace": origin.namespace, "name": origin.name, "field": origin.column}
    return place | {"transformations": [done]}


def _published(name: str, **content: Any) -> Json:
    path = FACETS[name]
    return _facet(f"{SPECIFICATION}/facets/{path}.json#/$defs/{path.partition('/')[2]}", **content)


def _facet(schema: str, **content: Any) -> Json:
    return {"_producer": PRODUCER, "_schemaURL": schema, **content}
