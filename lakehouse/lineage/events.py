"""OpenLineage events: one when a run starts, one when it ends.

Source: OpenLineage specification 2-0-2; "Naming Conventions" for the names of S3 objects and Glue tables.
"""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

from lakehouse.names import Names

if TYPE_CHECKING:  # it imports Iceberg's library, which Airflow's environment does not have
    from lakehouse.tables.definition import Definition

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
    """The state of a run."""

    START = "START"
    COMPLETE = "COMPLETE"
    FAIL = "FAIL"


class Subtype(StrEnum):
    """The transformation of a column: OpenLineage's subtypes of `DIRECT`."""

    IDENTITY = "IDENTITY"
    TRANSFORMATION = "TRANSFORMATION"
    AGGREGATION = "AGGREGATION"


class Parent(NamedTuple):
    """The run that started a run: its job, e.g. the task of a DAG or a state machine, and its id."""

    job: str
    run: str

    @classmethod
    def of(cls, text: str | None) -> "Parent | None":
        """Parse `job/run`, which jobs get as an argument and dbt as a variable; return None if it is missing."""
        job, separator, run = (text or "").partition("/")
        return cls(job, run) if separator else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """A source column of a column, and how the column is computed from it."""

    namespace: str
    name: str
    column: str
    subtype: Subtype
    how: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assertion:
    """An evaluated quality rule; `column` is None for a rule on a table, `severity` is `error` or `warn`."""

    rule: str
    passed: bool
    column: str | None
    severity: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """A dataset that a run reads or writes.

    Attributes:
        namespace, name: its name in OpenLineage's naming conventions.
        columns: types by column, "" if a type is not known; empty for a file.
        origins: source columns by column.
        version: version or ETag of an object.
        rows: number of written rows; None if it is not known yet.
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
    """A run of a job, with the parts that all its events share.

    Attributes:
        namespace, job: the job.
        key: identifies the run; equal keys are the same run.
        integration: the engine, e.g. `SPARK` or `DBT`.
        parent: the run that started it.
        about: more fields for the facet `lakehouse`.
    """

    namespace: str
    job: str
    key: str
    integration: str
    parent: Parent | None = None
    about: Mapping[str, Any] = field(default_factory=dict)

    def followed_by(self, check: str, **about: Any) -> "Run":
        """Return the run of a check of this run's result, e.g. its `gate`."""
        parent = Parent(self.job, self.key)
        return replace(self, job=f"{self.job}.{check}", parent=parent, about={**self.about, **about})

    def event(
        self,
        type_: EventType,
        *,
        at: datetime,
        inputs: Iterable[Dataset],
        outputs: Iterable[Dataset] = (),
        error: str | None = None,
    ) -> Json:
        """Build one event.

        Args:
            type_: state of the run.
            at: time of the event, with a time zone.
            inputs, outputs: datasets that the run reads and writes.
            error: error message of a failed run.
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


def table(names: Names, database: str, name: str, **fields: Any) -> Dataset:
    """Return a table of the Glue catalog as a dataset, with more fields of `Dataset`."""
    return Dataset(namespace=f"arn:aws:glue:{names.region}:{names.account}", name=f"table/{database}/{name}", **fields)


def defined(definition: "Definition", names: Names, **fields: Any) -> Dataset:
    """Return a table with the columns of its definition, with more fields of `Dataset`."""
    columns = {field.name: field.type.glue for field in definition.fields}
    return table(names, definition.database, definition.table, columns=columns, **fields)


def run_id(*parts: str) -> str:
    """Return the UUID of a run; equal parts give equal ids."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, "/".join((PRODUCER, *parts))))


def _input(dataset: Dataset) -> Json:
    if not dataset.assertions:
        return _named(dataset)
    assertions = [
        {"assertion": assertion.rule, "success": assertion.passed, "severity": assertion.severity}
        | ({"column": assertion.column} if assertion.column else {})
        for assertion in dataset.assertions
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
        lineage = {column: {"inputFields": list(map(_field, origins))} for column, origins in dataset.origins.items()}
        facets["columnLineage"] = _published("columnLineage", fields=lineage)
    if dataset.version:
        facets["version"] = _published("version", datasetVersion=dataset.version)
    return {"namespace": dataset.namespace, "name": dataset.name, "facets": facets}


def _field(origin: Origin) -> Json:
    description = {"description": origin.how} if origin.how else {}
    transformation = {"type": "DIRECT", "subtype": str(origin.subtype)} | description
    field_name = {"namespace": origin.namespace, "name": origin.name, "field": origin.column}
    return field_name | {"transformations": [transformation]}


def _published(name: str, **content: Any) -> Json:
    path = FACETS[name]
    return _facet(f"{SPECIFICATION}/facets/{path}.json#/$defs/{path.partition('/')[2]}", **content)


def _facet(schema: str, **content: Any) -> Json:
    return {"_producer": PRODUCER, "_schemaURL": schema, **content}
