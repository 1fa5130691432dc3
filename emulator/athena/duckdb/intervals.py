"""Interval literals of Trino, with one unit or several, as DuckDB's SQL."""

import re

from sqlglot import exp

from emulator.athena.runtime.errors import AthenaError, position

_MICROSECONDS = {"DAY": 86_400_000_000, "HOUR": 3_600_000_000, "MINUTE": 60_000_000, "SECOND": 1_000_000}
_MONTHS = {"YEAR": 12, "MONTH": 1}
_SEPARATORS = {"YEAR": "-", "DAY": " ", "HOUR": ":", "MINUTE": ":"}


def interval(node: exp.Interval) -> str:
    """Return the SQL of a literal such as `INTERVAL '1 12:30' DAY TO MINUTE`.

    Raises:
        AthenaError: INVALID_LITERAL: the text does not fit the units.
    """
    unit = node.args.get("unit")
    first, last = (
        (unit.this.name, unit.expression.name) if isinstance(unit, exp.IntervalSpan) else [node.text("unit")] * 2
    )
    negated = isinstance(node.this, exp.Neg)
    literal = node.this.this if negated else node.this
    total = _total(literal.name, first.upper(), last.upper()) if isinstance(literal, exp.Literal) else None
    if total is None:
        units = first if first == last else f"{first} TO {last}"
        raise AthenaError(
            "INVALID_LITERAL", f"{position(node)}: '{literal.name}' is not a valid INTERVAL {units} literal"
        )
    function = "to_months" if first.upper() in _MONTHS else "to_microseconds"
    if function == "to_microseconds" and total % _MICROSECONDS["DAY"] == 0:
        function, total = "to_days", total // _MICROSECONDS["DAY"]
    return f"{function}({-total if negated else total})"


def _total(text: str, first: str, last: str) -> int | None:
    """Return the months or microseconds of an interval's text, or None if it does not fit the units."""
    sizes = _MONTHS if first in _MONTHS else _MICROSECONDS
    units = list(sizes)
    if first not in sizes or last not in sizes or units.index(first) > units.index(last):
        return None
    units = units[units.index(first) : units.index(last) + 1]
    pattern = "".join(rf"(\d+){_SEPARATORS[unit] if unit != last else ''}" for unit in units)
    fraction = r"(?:\.(\d{1,3}))?" if last == "SECOND" else ""
    match = re.fullmatch(f"([+-]?){pattern}{fraction}", text.strip())
    if match is None:
        return None
    total = sum(int(match[index]) * sizes[unit] for index, unit in enumerate(units, start=2))
    if last == "SECOND":
        total += int((match[len(units) + 2] or "0").ljust(6, "0"))
    return -total if match[1] == "-" else total
