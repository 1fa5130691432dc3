"""Semantic models and metrics as dataclasses, independent of the YAML that they are read from."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

BASE_GRAIN = "day"
GRAINS = (BASE_GRAIN, "week", "month", "quarter", "year")
METRIC_TIME = "metric_time"
"""Name of the time of every metric: the time dimension by which its measure is aggregated."""


class Aggregation(StrEnum):
    """How a measure is aggregated."""

    SUM = "sum"
    COUNT = "count"
    COUNT_DISTINCT = "count_distinct"
    MIN = "min"
    MAX = "max"
    AVERAGE = "average"


class Additivity(StrEnum):
    """Whether the values of groups may be added up to the value of all."""

    ADDITIVE = "additive"
    NON_ADDITIVE = "non-additive"


class Kind(StrEnum):
    """Types of metrics that MetricFlow has and that are supported here."""

    SIMPLE = "simple"
    RATIO = "ratio"
    DERIVED = "derived"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """A key by which semantic models are joined.

    Attributes:
        name: e.g. `customer`.
        is_unique: whether it identifies a row, so that others may join to it.
        expr: SQL over the columns of the model.
    """

    name: str
    is_unique: bool
    expr: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Dimension:
    """What a metric can be grouped and filtered by.

    Attributes:
        name: e.g. `region`.
        is_time: whether it is a time, which is cut to a grain.
        expr: SQL over the columns of the model.
        description: what it is.
    """

    name: str
    is_time: bool
    expr: str
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """An aggregation of a semantic model.

    Attributes:
        name: name, unique in the project.
        aggregation: how rows are aggregated.
        expr: SQL over the columns of the model.
        time: name of the dimension that is its metric time.
    """

    name: str
    aggregation: Aggregation
    expr: str
    time: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SemanticModel:
    """Measures, dimensions and keys of one table of curated.

    Attributes:
        name: name of the semantic model.
        table: name of the dbt model.
        primary_entity: key of a row; the first part of the names of its dimensions.
        entities, dimensions, measures: its parts by name.
    """

    name: str
    table: str
    primary_entity: str
    entities: Mapping[str, Entity]
    dimensions: Mapping[str, Dimension]
    measures: Mapping[str, Measure]


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """A metric.

    Attributes:
        name, label, description: what it is called and means.
        kind: how its value is computed.
        expr: the measure of a simple metric; SQL over the names of `inputs` of another one.
        inputs: metrics that a ratio or derived metric is computed from, by the name in `expr`.
        filters: conditions; a dimension is written as a column `entity__dimension`.
        unit: e.g. `GBP`.
        format: format string of its values, as Power BI and spreadsheets write it.
        owner: team that answers for the definition.
        mart: `table.column` with the same figure; None if there is none.
    """

    name: str
    label: str
    description: str
    kind: Kind
    expr: str
    inputs: Mapping[str, str]
    filters: tuple[str, ...]
    unit: str
    format: str
    owner: str
    mart: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Metrics:
    """All semantic models and metrics of a project, in the order of their names."""

    models: Mapping[str, SemanticModel]
    metrics: Mapping[str, Metric]

    def model_of(self, measure: str) -> SemanticModel:
        """Return the semantic model of a measure."""
        return next(model for model in self.models.values() if measure in model.measures)

    def measures_of(self, name: str) -> list[tuple[SemanticModel, Measure]]:
        """Return the measures from which a metric is computed."""
        metric = self.metrics[name]
        if metric.kind is Kind.SIMPLE:
            model = self.model_of(metric.expr)
            return [(model, model.measures[metric.expr])]
        return [one for part in metric.inputs.values() for one in self.measures_of(part)]

    def additivity(self, name: str) -> Additivity:
        """Return whether the values of a metric may be added up: sums and counts may, everything else may not."""
        metric = self.metrics[name]
        additive = metric.kind is Kind.SIMPLE and self.measures_of(name)[0][1].aggregation in (
            Aggregation.SUM,
            Aggregation.COUNT,
        )
        return Additivity.ADDITIVE if additive else Additivity.NON_ADDITIVE
