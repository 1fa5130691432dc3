"""Check that what semantic models and metrics refer to exists."""

from collections.abc import Iterable, Mapping
from graphlib import CycleError, TopologicalSorter

from lakehouse.contracts.violations import one_of
from lakehouse.errors import LakehouseError
from lakehouse.metrics import dimensions
from lakehouse.metrics.expressions import expression_of, names_in
from lakehouse.metrics.model import Dimension, Entity, Kind, Measure, Metric, Metrics, SemanticModel


def check(metrics: Metrics, *, columns: Mapping[str, list[str]]) -> None:
    """Refuse names that do not exist and expressions that cannot be right.

    Args:
        metrics: the semantic models and metrics.
        columns: columns of each dbt model.

    Raises:
        LakehouseError: names the metric or semantic model, what was expected, and the candidates.
    """
    owners: dict[str, str] = {}
    for model in metrics.models.values():
        _check_model(model, columns)
        for measure in model.measures:
            if measure in owners:
                raise LakehouseError(f"{owners[measure]} and {model.name} both have a measure {measure!r}: rename one")
            owners[measure] = model.name
    graph = {metric.name: set(metric.inputs.values()) for metric in metrics.metrics.values()}
    for metric in metrics.metrics.values():
        where = f"metric {metric.name}"
        if metric.kind is Kind.SIMPLE:
            _known(metric.expr, owners, where=where, kind="measure")
        for part in metric.inputs.values():
            _known(part, metrics.metrics, where=where, kind="metric")
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        raise LakehouseError(f"metrics are computed from each other: {' -> '.join(error.args[1])}") from error
    for metric in metrics.metrics.values():
        _check_metric(metric, metrics, columns)


def _check_model(model: SemanticModel, columns: Mapping[str, list[str]]) -> None:
    where = f"semantic model {model.name}"
    _known(model.table, columns, where=where, kind="model")
    parts: list[Entity | Dimension | Measure] = [*model.entities.values(), *model.dimensions.values()]
    for part in (*parts, *model.measures.values()):
        place = f"{where}, {part.name}"
        for column in names_in(expression_of(part.expr, where=place)):
            _known(column, columns[model.table], where=place, kind="column")
    for measure in model.measures.values():
        times = [dimension.name for dimension in model.dimensions.values() if dimension.is_time]
        _known(measure.time, times, where=f"{where}, {measure.name}", kind="time dimension")


def _check_metric(metric: Metric, metrics: Metrics, columns: Mapping[str, list[str]]) -> None:
    where = f"metric {metric.name}"
    if metric.kind is Kind.DERIVED:
        for name in names_in(expression_of(metric.expr, where=where)):
            _known(name, metric.inputs, where=where, kind="input")
    for condition in metric.filters:
        for name in names_in(expression_of(condition, where=f"{where}: filter")):
            _known(name, dimensions.of_metric(metrics, metric.name), where=f"{where}: filter", kind="dimension")
    if metric.mart is not None:
        table, _, column = str(metric.mart).partition(".")
        _known(table, columns, where=f"{where}: mart", kind="model")
        _known(column, columns[table], where=f"{where}: mart", kind="column")


def _known(name: str, known: Iterable[str], *, where: str, kind: str) -> None:
    choices = list(known)
    if name not in choices:
        raise LakehouseError(f"{where}: there is no {kind} {name!r}: {one_of(name, choices)}")
