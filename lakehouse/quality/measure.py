"""Measure quality rules in a table: all library metrics in one pass of the engine, each SQL rule in a query.

Source: Open Data Contract Standard 3.1, "Data Quality", library metrics.
"""

from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from pyspark.sql import functions as fn

from lakehouse.contracts.model import Contract, QualityRule
from lakehouse.engine.session import engine_errors
from lakehouse.quality.metric_sql import metric
from lakehouse.quality.results import Result, evaluated, not_evaluated

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

ROWS = "rows"


def evaluate(
    rows: "DataFrame", rules: Iterable[QualityRule], contract: Contract, *, may_be_empty: bool
) -> list[Result]:
    """Evaluate rules on the rows of a dataset, or on a part of them.

    Args:
        rows: the rows, with the column names of the contract.
        rules: the rules.
        contract: the dataset.
        may_be_empty: whether rules other than rowCount pass if there is no row to measure.

    Returns:
        A result for each rule, in the order of the rules; NOT_EVALUATED with the engine's reason if it failed.
    """
    rules = list(rules)
    library = [rule for rule in rules if rule.metric is not None]
    results = _library(rows, library, contract, may_be_empty=may_be_empty)
    if queries := [rule for rule in rules if rule.query is not None]:
        view = f"quality_of_{contract.dataset}"
        rows.createOrReplaceTempView(view)
        results |= {rule.name: _query(rows, rule, view=view, may_be_empty=may_be_empty) for rule in queries}
        rows.sparkSession.catalog.dropTempView(view)
    return [results[rule.name] for rule in rules]


def _library(
    rows: "DataFrame", rules: list[QualityRule], contract: Contract, *, may_be_empty: bool
) -> dict[str, Result]:
    measures = [fn.expr(metric(rule, contract)).alias(f"m{index}") for index, rule in enumerate(rules)]
    try:
        (counts,) = rows.agg(fn.count(fn.lit(1)).alias(ROWS), *measures).collect()
    except engine_errors() as error:
        return {rule.name: not_evaluated(rule, reason=_first_line(error)) for rule in rules}
    return {
        rule.name: _metric_result(rule, counts[f"m{index}"], rows=counts[ROWS], may_be_empty=may_be_empty)
        for index, rule in enumerate(rules)
    }


def _metric_result(rule: QualityRule, count: int, *, rows: int, may_be_empty: bool) -> Result:
    if not rows and rule.metric != "rowCount" and not may_be_empty:
        return not_evaluated(rule, reason="there is no row to measure")
    measured = Decimal(count)
    return evaluated(rule, measured * 100 / max(rows, 1) if rule.percent else measured)


def _query(rows: "DataFrame", rule: QualityRule, *, view: str, may_be_empty: bool) -> Result:
    assert rule.query is not None
    sql = rule.query.replace("{table}", view).replace("{column}", f"`{rule.column}`")
    try:
        if not may_be_empty and rows.isEmpty():
            return not_evaluated(rule, reason="there is no row to measure")
        answer = [tuple(row) for row in rows.sparkSession.sql(sql).limit(2).collect()]
    except engine_errors() as error:
        return not_evaluated(rule, reason=_first_line(error))
    match answer:
        case [(value,)]:
            return _query_result(rule, value)
    return not_evaluated(rule, reason=f"its query returns {answer or 'nothing'}, expected one row with one number")


def _query_result(rule: QualityRule, value: Any) -> Result:
    try:
        measured = Decimal(str(value))
    except InvalidOperation:
        return not_evaluated(rule, reason=f"its query returns {value!r}, expected a number")
    if not measured.is_finite():
        return not_evaluated(rule, reason=f"its query returns {value}, expected a finite number")
    return evaluated(rule, measured)


def _first_line(error: Exception) -> str:
    """Return the line of the message that describes the error; py4j's first line only names a Java object."""
    lines = str(error).strip().splitlines()
    return next(line.removeprefix(": ") for line in lines if not line.startswith("An error occurred while calling"))
