"""Propose the lines of a column from what all its values have in common."""

from collections.abc import Sequence

from lakehouse.drafting.arrow_types import arrow_type
from lakehouse.drafting.classify import classification
from lakehouse.drafting.document import DraftColumn, Line
from lakehouse.drafting.names import column_names
from lakehouse.drafting.observed import DATE_FORMATS, TIMESTAMP_FORMATS, Observed
from lakehouse.drafting.profile import Profile

_DIGITS = 38
_LONG_DIGITS = 18
_ROOM = 18
"""Digits of a decimal that has fewer: later files may have greater values."""

TEXT = (Line("logicalType", "string"),)
_NESTED = {"object", "array"}


def drafted_columns(found: Profile, *, has_names: bool) -> list[DraftColumn]:
    """Return the columns of files.

    Args:
        found: what was seen.
        has_names: whether the files name their columns; else their order counts.
    """
    names = column_names(list(found.columns))
    return [
        _column(name, source_name if has_names else name, seen, records=found.records)
        for name, (source_name, seen) in zip(names, found.columns.items(), strict=True)
    ]


def _column(name: str, source_name: str, seen: Observed, *, records: int) -> DraftColumn:
    lines, notes = _type(seen)
    others = []
    if seen.nulls is None and records:
        others.append(Line("required", True, f"none of {records:,} records is without it"))
    return DraftColumn(
        name=name,
        source_name=source_name,
        type=list(lines),
        others=[*others, classification(name, seen.sample)],
        notes=notes,
    )


def _type(seen: Observed) -> tuple[Sequence[Line], list[str]]:
    if not seen.values:
        return [Line("logicalType", "string", "no record has a value")], []
    typed = [type_ for type_ in seen.arrow if not _is_text(type_)]
    if typed:
        return arrow_type(seen.arrow)
    if seen.kinds.keys() & (_NESTED | {"nested"}):
        return _nested(seen)
    if len(seen.kinds) > 1:
        listed = ", ".join(f"{kind} ({place})" for kind, place in seen.kinds.items())
        return [Line("logicalType", "string", f"values of several kinds: {listed}")], []
    (kind,) = seen.kinds
    if kind == "boolean":
        return [Line("logicalType", "boolean")], []
    # Files whose texts are marked as texts (JSON) mean texts, also where all are digits.
    numeric = kind == "number" or (kind == "text" and not seen.arrow_is_text)
    if "boolean" in seen.alive and kind == "text" and not seen.arrow_is_text:
        return [Line("logicalType", "boolean", f"all {seen.values:,} values are true or false")], []
    if numeric and (number := _number(seen)):
        return number, _ended(seen)
    if kind != "number" and not seen.arrow_is_text and (time := _time(seen)):
        return time
    return TEXT, _ended(seen)


def _is_text(type_: object) -> bool:
    return str(type_) in ("string", "null")


def _number(seen: Observed) -> list[Line] | None:
    digits = seen.whole + seen.scale
    if "decimal" in seen.alive and not seen.scale and seen.whole <= _LONG_DIGITS:
        return [Line("logicalType", "integer", f"all {seen.values:,} values are whole numbers")]
    if "decimal" in seen.alive and digits <= _DIGITS:
        type_ = f"decimal({max(digits, _ROOM)},{seen.scale})"
        why = f"at most {seen.whole} digits before and {seen.scale} after the point"
        return [Line("logicalType", "number"), Line("physicalType", type_, why)]
    if "double" in seen.alive:
        return [Line("logicalType", "number", "eight bytes hold every value exactly")]
    return None


def _time(seen: Observed) -> tuple[list[Line], list[str]] | None:
    count = f"all {seen.values:,} values"
    if "date" in seen.alive:
        return [Line("logicalType", "date", f"{count} are dates")], []
    if "timestamp" in seen.alive:
        return [Line("logicalType", "timestamp", f"{count} are times; without an offset they are read as UTC")], _ended(
            seen
        )
    for kind, formats in (("date", DATE_FORMATS), ("timestamp", TIMESTAMP_FORMATS)):
        fit = [format_ for format_ in formats if f"{kind} {format_}" in seen.alive]
        if not fit:
            continue
        if {_order(format_) for format_ in fit} == {_order(fit[0])}:
            options = Line("logicalTypeOptions", {"format": fit[0]}, f"{count} have it")
            return [Line("logicalType", kind), options], []
        note = f"a {kind}, but {' and '.join(fit[:2])} fit all values: write the right one as logicalTypeOptions.format"
        return [*TEXT], [note]
    if "time" in seen.alive:
        return [Line("logicalType", "time", f"{count} are times of day")], []
    if "uuid" in seen.alive:
        return [*TEXT, Line("physicalType", "uuid", f"{count} are UUIDs")], []
    return None


def _order(format_: str) -> str:
    """Return the order of day and month in a format."""
    return "month first" if format_.lstrip("y/").startswith("M") else "day first"


def _nested(seen: Observed) -> tuple[list[Line], list[str]]:
    kinds = seen.kinds.keys()
    logical = "array" if kinds == {"array"} else "object"
    why = "kept as JSON; name its `items` or `properties` to make them columns"
    if len(kinds) > 1:
        why = f"kept as JSON, because values are of several kinds: {', '.join(sorted(kinds))}"
    return [Line("logicalType", logical, why), Line("physicalType", "json")], []


def _ended(seen: Observed) -> list[str]:
    """Return a note where the first values had a narrower type that a later one contradicts."""
    if not seen.ended:
        return []
    name, (place, position) = max(seen.ended.items(), key=lambda item: item[1][1])
    return [f"the first {position:,} values are {name}; {place}, therefore the wider type"]
