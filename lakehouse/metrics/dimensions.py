"""Find the dimensions of a metric: those of its own table, and those of tables that are one join away."""

from dataclasses import dataclass

from lakehouse.contracts.violations import one_of
from lakehouse.errors import LakehouseError
from lakehouse.metrics.model import METRIC_TIME, Dimension, Entity, Measure, Metrics, SemanticModel


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a dimension of a measure is.

    Attributes:
        dimension: the dimension.
        model: semantic model that has it.
        key: (key of the measure's table, key of `model`) that are equal; None if both are the same table.
    """

    dimension: Dimension
    model: SemanticModel
    key: tuple[Entity, Entity] | None = None


def of_measure(metrics: Metrics, model: SemanticModel, measure: Measure) -> dict[str, Place]:
    """Return the dimensions of a measure by their names `entity__dimension`; its time is also `metric_time`."""
    found = {METRIC_TIME: Place(dimension=model.dimensions[measure.time], model=model)}
    for dimension in model.dimensions.values():
        found[f"{model.primary_entity}__{dimension.name}"] = Place(dimension=dimension, model=model)
    for entity in model.entities.values():
        for other in metrics.models.values():
            key = other.entities.get(entity.name)
            if other is not model and key is not None and key.is_unique:
                for dimension in other.dimensions.values():
                    place = Place(dimension=dimension, model=other, key=(entity, key))
                    found[f"{entity.name}__{dimension.name}"] = place
    return found


def of_metric(metrics: Metrics, name: str) -> list[str]:
    """Return the names of the dimensions that all measures of a metric have."""
    several = [of_measure(metrics, model, measure) for model, measure in metrics.measures_of(name)]
    return [dimension for dimension in several[0] if all(dimension in other for other in several[1:])]


def chosen(metrics: Metrics, metric: str, dimension: str) -> str:
    """Return the full name of a dimension; its last part is enough if only one dimension ends with it.

    Raises:
        LakehouseError: the metric has no such dimension, or several; the message lists them.
    """
    candidates = of_metric(metrics, metric)
    if dimension in candidates:
        return dimension
    same = [name for name in candidates if name.partition("__")[2] == dimension]
    if len(same) == 1:
        return same[0]
    if same:
        raise LakehouseError(
            f"metric {metric}: dimension {dimension!r} is ambiguous: write one of {', '.join(sorted(same))}"
        )
    raise LakehouseError(
        f"metric {metric} has no dimension {dimension!r}: {one_of(dimension, candidates)} "
        f"`lakehouse metric {metric} --describe` lists its dimensions"
    )
