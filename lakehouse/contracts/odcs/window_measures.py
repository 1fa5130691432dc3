"""Read the measures of windows: SQL aggregates that can be computed from the aggregates of parts."""

import re
from collections.abc import Collection, Mapping

from lakehouse.contracts.classification import UNCLASSIFIED, Classification
from lakehouse.contracts.model import Column
from lakehouse.contracts.odcs.columns import NAME
from lakehouse.contracts.odcs.custom import Setting
from lakehouse.contracts.types import Kind
from lakehouse.contracts.violations import Violations, YamlPath, one_of
from lakehouse.windows.model import Function, Measure

MOST_DIGITS = 28
"""Digits of a decimal whose sum over 10 billion events still has at most 38."""

_CALL = re.compile(r"\s*(?P<function>\w+)\s*\(\s*(?P<argument>\*|\w+)\s*\)\s*")
_SUMMED = (Kind.INT, Kind.LONG, Kind.DECIMAL)
_COMPARED = (*_SUMMED, Kind.DATE, Kind.STRING)


def is_impersonal(column: Column) -> bool:
    """Return whether the values of a column may stay in panes when a person is erased from the dataset."""
    return Classification(column.classification or UNCLASSIFIED).rank <= Classification.INTERNAL.rank


def measures(
    setting: Setting, columns: Mapping[str, Column], *, reserved: Collection[str], violations: Violations
) -> tuple[Measure, ...]:
    """Read measures, e.g. `{views: count(*), slowest: max(milliseconds)}`; wrong ones are left out.

    Args:
        setting: the map.
        columns: the dataset's columns by name.
        reserved: names that no measure may have.
        violations: collects the violations.
    """
    if not isinstance(setting.value, dict) or not setting.value:
        remedy = "write a map, e.g. {views: count(*)}"
        violations.add(setting.path, f"{setting.value!r} names no measure", remedy=remedy)
        return ()
    read = []
    for name, text in setting.value.items():
        path = (*setting.path, name)
        if not isinstance(name, str) or not NAME.fullmatch(name) or name in reserved:
            remedy = f"use lower-case letters, digits and _, and none of {', '.join(reserved)}"
            violations.add(path, f"{name!r} is no name of a measure", remedy=remedy)
        if measure := _measure(str(name), text, columns, violations=violations, path=path):
            read.append(measure)
    return tuple(read)


def _measure(
    name: str, text: object, columns: Mapping[str, Column], *, violations: Violations, path: YamlPath
) -> Measure | None:
    call = _CALL.fullmatch(text) if isinstance(text, str) else None
    functions = "count(*), count(c), sum(c), min(c) or max(c)"
    if call is None:
        violations.add(path, f"{text!r} is no aggregate of a column", remedy=f"write {functions}")
        return None
    function, argument = call["function"].lower(), call["argument"]
    if function not in list(Function):
        remedy = f"write {functions}; an average is a sum divided by a count"
        violations.add(path, f"{function!r} is no aggregate that panes can be added up with", remedy=remedy)
        return None
    if argument == "*":
        if function != Function.COUNT:
            violations.add(path, f"{function}(*) does not exist", remedy=f"write {function}(column)")
        return Measure(name=name, function=Function(function), column=None)
    if argument not in columns:
        violations.add(path, f"{argument!r} is no column", remedy=one_of(argument, columns))
        return None
    _check_column(Function(function), columns[argument], violations=violations, path=path)
    return Measure(name=name, function=Function(function), column=argument)


def _check_column(function: Function, column: Column, *, violations: Violations, path: YamlPath) -> None:
    kinds = {Function.COUNT: tuple(Kind), Function.SUM: _SUMMED}.get(function, _COMPARED)
    if column.type.kind not in kinds:
        remedy = f"use a column of {', '.join(kinds)}"
        violations.add(path, f"{function} of {column.name}, a {column.type}, is not exact", remedy=remedy)
    elif function is Function.SUM and column.type.precision > MOST_DIGITS:
        remedy = f"use a decimal of at most {MOST_DIGITS} digits"
        violations.add(path, f"a sum of {column.type} may need more than 38 digits", remedy=remedy)
    elif function in (Function.MIN, Function.MAX) and not is_impersonal(column):
        remedy = f"classify {column.name} as public or internal: panes outlast the erasure of a person"
        violations.add(path, f"{function} shows a value of {column.name}, which may be a person's", remedy=remedy)
