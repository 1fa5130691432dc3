"""Write the SQL of a metric's values for Athena, over the tables of curated.

Each measure is aggregated on its own, with the filters that apply to it; groups of several measures are then put
together, so that a group that only one measure has is kept. MetricFlow computes the same.
"""

from dataclasses import dataclass

from sqlglot import exp

from lakehouse.metrics import dimensions
from lakehouse.metrics.dimensions import Place
from lakehouse.metrics.expressions import DIALECT, expression_of, names_in, replaced
from lakehouse.metrics.model import BASE_GRAIN, Aggregation, Kind, Metrics
from lakehouse.names import Names, Zone

_FACTS = "facts__"
"""Alias of the table with the measure; no entity has two underscores at the end of its name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked.

    Attributes:
        metric: name of the metric.
        by: full names of dimensions, in the order of the columns.
        where: condition over full names of dimensions; empty for none.
        grain: what times are cut to.
    """

    metric: str
    by: tuple[str, ...] = ()
    where: str = ""
    grain: str = BASE_GRAIN


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """The statement that answers a question.

    Attributes:
        sql: the statement.
        reads: the columns of curated that it reads, by table.
    """

    sql: str
    reads: dict[str, set[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    measure: str
    filters: tuple[str, ...]


def statement(metrics: Metrics, question: Question, *, names: Names) -> Statement:
    """Return the statement for a question.

    Raises:
        LakehouseError: the metric has no such dimension.
    """
    parts: list[_Part] = []
    value = _value(metrics, question.metric, (), parts)
    reads: dict[str, set[str]] = {}
    columns = [column(metrics, question, dimension) for dimension in question.by]
    several = [_aggregate(metrics, part, question, names=names, reads=reads) for part in parts]
    for number, select in enumerate(several):
        select.set("expressions", [*select.expressions[:-1], *_values(select.expressions[-1], number, len(several))])
    union: exp.Query = several[0]
    for select in several[1:]:
        union = exp.union(union, select, distinct=False)
    grouped = exp.select(
        *(named(name) for name in columns),
        *(exp.alias_(exp.Max(this=named(_name(n))), _name(n), quoted=True) for n in range(len(parts))),
    ).from_(union.subquery("aggregated"))
    if columns:
        grouped = grouped.group_by(*(named(name) for name in columns))
    answer = exp.select(*(named(name) for name in columns), exp.alias_(value, question.metric, quoted=True)).from_(
        grouped.subquery("combined")
    )
    if columns:
        answer = answer.order_by(*(exp.Literal.number(number + 1) for number in range(len(columns))))
    return Statement(sql=answer.sql(DIALECT, pretty=True), reads=reads)


def column(metrics: Metrics, question: Question, dimension: str) -> str:
    """Return the name of the column of a dimension: a time has its grain in it, as MetricFlow names it."""
    return f"{dimension}__{question.grain}" if is_time(metrics, question.metric, dimension) else dimension


def is_time(metrics: Metrics, metric: str, dimension: str) -> bool:
    """Return whether a dimension of a metric is a time."""
    model, measure = metrics.measures_of(metric)[0]
    return dimensions.of_measure(metrics, model, measure)[dimension].dimension.is_time


def named(name: str) -> exp.Column:
    """Return a column by its name alone."""
    return exp.column(name, quoted=True)


def _name(number: int) -> str:
    return f"value_{number}"


def _values(value: exp.Expr, number: int, count: int) -> list[exp.Expr]:
    """Return the columns of all parts: the value of one, and NULL for the others."""
    return [exp.alias_(value if one == number else exp.Null(), _name(one), quoted=True) for one in range(count)]


def _value(metrics: Metrics, name: str, filters: tuple[str, ...], parts: list[_Part]) -> exp.Expr:
    """Return the value of a metric over the columns of its parts, which are added to `parts`."""
    metric = metrics.metrics[name]
    filters = (*filters, *metric.filters)
    if metric.kind is Kind.SIMPLE:
        part = _Part(measure=metric.expr, filters=filters)
        if part not in parts:
            parts.append(part)
        return named(_name(parts.index(part)))
    inputs = {alias: _value(metrics, other, filters, parts) for alias, other in metric.inputs.items()}
    if metric.kind is Kind.RATIO:
        # As doubles, as MetricFlow divides: decimals would be cut to the scale of the numerator.
        above, below = (exp.cast(inputs[part], "double") for part in ("numerator", "denominator"))
        return exp.Div(this=above, expression=exp.func("nullif", below, exp.Literal.number(0)))
    return replaced(expression_of(metric.expr, where=f"metric {name}"), lambda alias: inputs[alias])


def _aggregate(
    metrics: Metrics, part: _Part, question: Question, *, names: Names, reads: dict[str, set[str]]
) -> exp.Select:
    """Return the SELECT of one measure by the dimensions; the value is its last column."""
    model = metrics.model_of(part.measure)
    measure = model.measures[part.measure]
    places = dimensions.of_measure(metrics, model, measure)
    joined: dict[str, Place] = {}

    def of_table(text: str, table: str, alias: str) -> exp.Expr:
        expression = expression_of(text, where=f"table {table}")
        reads.setdefault(table, set()).update(names_in(expression))
        return replaced(expression, lambda name: exp.column(name, table=alias, quoted=True))

    def of_dimension(name: str, grain: str = BASE_GRAIN) -> exp.Expr:
        place = places[name]
        alias = _FACTS
        if place.key is not None:
            alias = place.key[0].name
            joined[alias] = place
        expression = of_table(place.dimension.expr, place.model.table, alias)
        return _cut(expression, grain) if place.dimension.is_time else expression

    selected = [of_dimension(name, question.grain) for name in question.by]
    conditions = [
        replaced(expression_of(text, where="filter"), of_dimension)
        for text in (*part.filters, *([question.where] if question.where else []))
    ]
    value = _aggregation(measure.aggregation, of_table(measure.expr, model.table, _FACTS))
    labels = [column(metrics, question, name) for name in question.by]
    select = exp.select(
        *(exp.alias_(one, label, quoted=True) for one, label in zip(selected, labels, strict=True)), value
    ).from_(_table(model.table, _FACTS, names))
    for alias, place in joined.items():
        assert place.key is not None
        here, there = place.key
        on = exp.EQ(
            this=of_table(here.expr, model.table, _FACTS), expression=of_table(there.expr, place.model.table, alias)
        )
        select = select.join(_table(place.model.table, alias, names), on=on, join_type="left")
    for condition in conditions:
        select = select.where(exp.Paren(this=condition))
    return select.group_by(*(exp.Literal.number(number + 1) for number in range(len(selected))))


def _table(table: str, alias: str, names: Names) -> exp.Expr:
    return exp.alias_(exp.table_(table, db=names.database(Zone.CURATED), quoted=True), alias, quoted=True, table=True)


def _cut(time: exp.Expr, grain: str) -> exp.Expr:
    """Return the first day of the period that a time is in."""
    return exp.cast(exp.func("date_trunc", exp.Literal.string(grain), time, dialect=DIALECT), "date")


def _aggregation(aggregation: Aggregation, value: exp.Expr) -> exp.Expr:
    match aggregation:
        case Aggregation.SUM:
            return exp.Sum(this=value)
        case Aggregation.COUNT:
            return exp.Count(this=value)
        case Aggregation.COUNT_DISTINCT:
            return exp.Count(this=exp.Distinct(expressions=[value]))
        case Aggregation.MIN:
            return exp.Min(this=value)
        case Aggregation.MAX:
            return exp.Max(this=value)
    return exp.Avg(this=value)
