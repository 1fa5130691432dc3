"""Read ODCS quality rules: library metrics and SQL, each compared with a threshold."""

import math
import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from open_data_contract_standard.model import DataQuality, SchemaProperty

from lakehouse.contracts.model import QualityRule, Severity
from lakehouse.contracts.odcs.options import regular_expression
from lakehouse.contracts.violations import Violations, YamlPath, one_of

METRICS = ("nullValues", "missingValues", "invalidValues", "duplicateValues", "rowCount")
OPERATORS = (
    "mustBe",
    "mustNotBe",
    "mustBeGreaterThan",
    "mustBeGreaterOrEqualTo",
    "mustBeLessThan",
    "mustBeLessOrEqualTo",
    "mustBeBetween",
    "mustNotBeBetween",
)
_ARGUMENTS = {"invalidValues": ("validValues", "pattern"), "missingValues": ("missingValues",)}
# Classes that match ASCII in Spark and every alphabet in Sail. A letter after an escaped backslash is no class.
_CLASS = re.compile(r"(?<!\\)(?:\\\\)*(\\[bBdDsSwW])")
_PLACEHOLDERS = {"table": "{table}", "object": "{table}", "column": "{column}", "property": "{column}"}


def quality(
    whole: Sequence[DataQuality] | None, properties: Sequence[SchemaProperty], *, violations: Violations, path: YamlPath
) -> tuple[QualityRule, ...]:
    """Read the quality rules of a dataset and its columns; `text` rules are for people and are left out.

    Args:
        whole: ODCS `schema[0].quality`.
        properties: ODCS `schema[0].properties`.
        violations: collects the violations.
        path: path of the schema.
    """
    names = [property_.name or "" for property_ in properties]
    rules: dict[str, QualityRule] = {}
    for column, written, where in _written(whole, properties, path):
        rule = _rule(written, column=column, names=names, violations=violations, path=where)
        if rule is None:
            continue
        if rule.name in rules:
            violations.add(where, f"rule {rule.name!r} is there already", remedy="give the rule a `name` of its own")
        rules[rule.name] = rule
    return tuple(rules.values())


def _written(
    whole: Sequence[DataQuality] | None, properties: Sequence[SchemaProperty], path: YamlPath
) -> Iterator[tuple[str | None, DataQuality, YamlPath]]:
    for index, rule in enumerate(whole or []):
        yield None, rule, (*path, "quality", index)
    for position, property_ in enumerate(properties):
        for index, rule in enumerate(property_.quality or []):
            yield property_.name, rule, (*path, "properties", position, "quality", index)


def _rule(
    written: DataQuality, *, column: str | None, names: Sequence[str], violations: Violations, path: YamlPath
) -> QualityRule | None:
    kind = written.type or ("sql" if written.query else "library")
    if kind == "text":
        return None
    violations_before = len(violations.found)
    metric = written.metric or written.rule
    if kind == "library":
        _check_metric(metric, written, column=column, names=names, violations=violations, path=path)
    elif kind != "sql":
        violations.add((*path, "type"), f"{kind!r} rules can't be evaluated", remedy="use type sql, or a metric")
    elif not written.query:
        violations.add(path, "an sql rule has no query", remedy="add `query`")
    if written.unit not in (None, "rows", "percent"):
        violations.add(
            (*path, "unit"), f"{written.unit!r} is unknown", remedy=one_of(written.unit, ("rows", "percent"))
        )
    severity = written.severity or Severity.ERROR
    if severity not in list(Severity):
        violations.add((*path, "severity"), f"{severity!r} is unknown", remedy=one_of(severity, Severity))
    query = _query(written.query, column=column, violations=violations, path=path) if kind == "sql" else None
    comparison = _comparison(written, violations=violations, path=path)
    if comparison is None or len(violations.found) > violations_before:
        return None
    operator, thresholds = comparison
    arguments = written.arguments or {}
    return QualityRule(
        name=written.name or "_".join(filter(None, (column, metric or "sql"))),
        column=column,
        metric=metric if kind == "library" else None,
        query=query,
        operator=operator,
        thresholds=thresholds,
        values=tuple(
            None if value is None else str(value)
            for value in arguments.get("validValues") or arguments.get("missingValues") or []
        ),
        pattern=arguments.get("pattern"),
        properties=tuple(arguments.get("properties") or []),
        percent=written.unit == "percent",
        severity=Severity(severity),
        description=(written.description or "").strip(),
    )


def _check_metric(
    metric: str | None,
    written: DataQuality,
    *,
    column: str | None,
    names: Sequence[str],
    violations: Violations,
    path: YamlPath,
) -> None:
    if metric not in METRICS:
        violations.add((*path, "metric"), f"metric {metric!r} does not exist", remedy=one_of(metric, METRICS))
        return
    if column is None and metric not in ("duplicateValues", "rowCount"):
        violations.add(
            (*path, "metric"), f"{metric} is about a column", remedy="move the rule to that property's quality"
        )
    if column is not None and metric == "rowCount":
        violations.add(
            (*path, "metric"), "rowCount is about the whole dataset", remedy="move the rule to schema[0].quality"
        )
    known = _ARGUMENTS.get(metric, ("properties",) if metric == "duplicateValues" and column is None else ())
    for name, value in (written.arguments or {}).items():
        where = (*path, "arguments", name)
        if name not in known:
            violations.add(where, f"is no argument of {metric}", remedy=one_of(name, known) if known else "remove it")
        elif name == "pattern":
            try:
                if match := _CLASS.search(regular_expression(value)):
                    raise ValueError(f"engines differ in {match[1]}: list characters instead, as [0-9A-Za-z_]")
            except ValueError as error:
                violations.add(where, f"{value!r} can't be used", remedy=str(error))
        elif not isinstance(value, list):
            violations.add(where, f"{value!r} is no list", remedy="write such as [a, b]")
        elif name == "properties":
            for index, name_of_column in enumerate(value):
                if name_of_column not in names:
                    remedy = one_of(name_of_column, names)
                    violations.add((*where, index), f"{name_of_column!r} is no column", remedy=remedy)
    if known and not written.arguments:
        violations.add(path, f"{metric} has no arguments", remedy=f"add `arguments` with {' or '.join(known)}")


def _comparison(
    written: DataQuality, *, violations: Violations, path: YamlPath
) -> tuple[str, tuple[Decimal, ...]] | None:
    operators = [operator for operator in OPERATORS if getattr(written, operator) is not None]
    if len(operators) != 1:
        violations.add(path, f"has {len(operators)} comparisons", remedy=f"give exactly one of {', '.join(OPERATORS)}")
        return None
    operator = operators[0]
    value: Any = getattr(written, operator)
    numbers = value if isinstance(value, list) else [value]
    if not all(
        isinstance(number, int | float) and type(number) is not bool and math.isfinite(number) for number in numbers
    ):
        violations.add((*path, operator), f"{value!r} is no number", remedy="compare with a number")
        return None
    return operator, tuple(Decimal(str(number)) for number in numbers)


def _query(written: str | None, *, column: str | None, violations: Violations, path: YamlPath) -> str:
    """Return the query with the placeholders `{table}` and `{column}`, from those of all versions of the standard."""

    def placeholder(match: re.Match[str]) -> str:
        name = match[1]
        known = [word for word in _PLACEHOLDERS if column is not None or _PLACEHOLDERS[word] == "{table}"]
        if name not in known:
            violations.add((*path, "query"), f"{match[0]} is unknown here", remedy=one_of(name, known))
        return _PLACEHOLDERS.get(name, "")

    return re.sub(r"\$?\{(\w+)\}", placeholder, written or "")
