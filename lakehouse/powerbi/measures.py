"""Write the DAX measures of metrics."""

from collections.abc import Iterable

from sqlglot import exp

from lakehouse.errors import LakehouseError
from lakehouse.metrics import dimensions
from lakehouse.metrics.expressions import expression_of, names_in, replaced
from lakehouse.metrics.model import Aggregation, Kind, Measure, Metric, Metrics, SemanticModel
from lakehouse.powerbi.dax import condition, member_name, table_name
from lakehouse.powerbi.star import Star
from lakehouse.powerbi.tmdl import one_line

_FUNCTIONS = {
    Aggregation.SUM: "SUM",
    Aggregation.COUNT: "COUNTA",
    Aggregation.COUNT_DISTINCT: "DISTINCTCOUNTNOBLANK",
    Aggregation.MIN: "MIN",
    Aggregation.MAX: "MAX",
    Aggregation.AVERAGE: "AVERAGE",
}


def table_of(metrics: Metrics, metric: str) -> str:
    """Return the table that a measure is shown in: that of its first measure."""
    return metrics.measures_of(metric)[0][0].table


def shown(metrics: Metrics, star: Star) -> list[str]:
    """Return the metrics that need no column which the star does not have, because its role does not see it."""
    return [name for name in metrics.metrics if not _is_hidden(metrics, name, star)]


def _is_hidden(metrics: Metrics, metric: str, star: Star) -> bool:
    one = metrics.metrics[metric]
    if any(_is_hidden(metrics, other, star) for other in one.inputs.values()):
        return True
    needed = [(model.table, measure.expr) for model, measure in metrics.measures_of(metric)]
    for model, measure in metrics.measures_of(metric):
        places = dimensions.of_measure(metrics, model, measure)
        names = [name for text in one.filters for name in names_in(expression_of(text, where=metric))]
        needed += [(places[name].model.table, places[name].dimension.expr) for name in names]
    return any(
        table not in star.tables or column not in star.tables[table].columns
        for table, text in needed
        for column in names_in(expression_of(text, where=metric))
    )


def check_labels(metrics: Metrics, shown: Iterable[str], star: Star) -> None:
    """Refuse labels that Power BI could not tell apart: it ignores case, and a measure has no name of a column.

    Raises:
        LakehouseError: names both metrics, or the metric and the column.
    """
    taken: dict[str, str] = {}
    for name in shown:
        label = one_line(metrics.metrics[name].label).casefold()
        columns = [column.casefold() for column in star.tables[table_of(metrics, name)].columns]
        if not label or label in columns or label in taken:
            other = f"the metric {taken[label]}" if label in taken else f"a column of {table_of(metrics, name)}"
            raise LakehouseError(
                f"metric {name}: the label {metrics.metrics[name].label!r} is empty or that of {other} too: "
                "write another label"
            )
        taken[label] = name


def dax(metrics: Metrics, name: str) -> str:
    """Return the expression of a measure.

    Raises:
        LakehouseError: the metric has something that is not translated; names the metric.
    """
    metric, where = metrics.metrics[name], f"metric {name}"
    match metric.kind:
        case Kind.SIMPLE:
            value = _aggregate(*metrics.measures_of(name)[0], where=where)
        case Kind.RATIO:
            parts = [_reference(metrics, metric.inputs[part]) for part in ("numerator", "denominator")]
            value = f"DIVIDE({', '.join(parts)})"
        case Kind.DERIVED:
            value = _derived(metrics, metric, expression_of(metric.expr, where=where), where)[0]
    filters = [_filter(metrics, name, text, where) for text in metric.filters]
    return f"CALCULATE({', '.join([value, *filters])})" if filters else value


def _reference(metrics: Metrics, name: str) -> str:
    return member_name(one_line(metrics.metrics[name].label))


def _aggregate(model: SemanticModel, measure: Measure, *, where: str) -> str:
    expression = expression_of(measure.expr, where=where)
    if not isinstance(expression, exp.Column):
        raise LakehouseError(
            f"{where}: the measure {measure.name} aggregates {measure.expr!r}: Power BI needs a column; add one "
            f"to {model.table}"
        )
    return f"{_FUNCTIONS[measure.aggregation]}({table_name(model.table)}{member_name(expression.name)})"


def _filter(metrics: Metrics, name: str, text: str, where: str) -> str:
    """Return a filter of CALCULATE, in addition to what the report filters."""
    tables: set[str] = set()
    model, measure = metrics.measures_of(name)[0]
    places = dimensions.of_measure(metrics, model, measure)

    def of_dimension(dimension: str) -> exp.Expr:
        place = places[dimension]
        tables.add(place.model.table)
        return expression_of(place.dimension.expr, where=where)

    expression = replaced(expression_of(text, where=where), of_dimension)
    if len(tables) != 1:
        raise LakehouseError(f"{where}: the filter {text!r} is on {sorted(tables)}: Power BI needs one table a filter")
    [table] = tables
    rows = condition(expression, lambda column: table_name(table) + member_name(column), where=where)
    return f"KEEPFILTERS({rows})"


def _derived(metrics: Metrics, metric: Metric, node: exp.Expr, where: str) -> tuple[str, bool]:
    """Return an expression over measures, and whether it can be BLANK.

    SQL's sum with NULL is NULL, but DAX takes BLANK for 0: where a side can be BLANK, the sum asks for it.
    """
    match node:
        case exp.Paren():
            inner, blank = _derived(metrics, metric, node.this, where)
            return f"({inner})", blank
        case exp.Column():
            return _reference(metrics, metric.inputs[node.name]), True
        case exp.Literal(is_string=False):
            return node.name, False
        case exp.Coalesce():
            several = [_derived(metrics, metric, one, where) for one in (node.this, *node.expressions)]
            return f"COALESCE({', '.join(one for one, _ in several)})", all(blank for _, blank in several)
        case exp.Div():
            sides = [_derived(metrics, metric, side, where)[0] for side in (node.this, node.expression)]
            return f"DIVIDE({', '.join(sides)})", True
        case exp.Add() | exp.Sub() | exp.Mul():
            operator = {exp.Add: "+", exp.Sub: "-", exp.Mul: "*"}[type(node)]
            left, right = (_derived(metrics, metric, side, where) for side in (node.this, node.expression))
            value = f"{left[0]} {operator} {right[0]}"
            blanks = [f"ISBLANK({side})" for side, blank in (left, right) if blank]
            return (f"IF({' || '.join(blanks)}, BLANK(), {value})", True) if blanks else (value, False)
    raise LakehouseError(f"{where}: {node.sql('athena')!r} has no equal in DAX here: use + - * / and coalesce")
