"""Read partitions from the custom property `partitions`, or from the standard's `partitioned` on a property."""

import re
from collections.abc import Mapping, Sequence

from open_data_contract_standard.model import SchemaProperty

from lakehouse.contracts.model import Partition
from lakehouse.contracts.odcs.custom import Setting, texts
from lakehouse.contracts.types import Kind, Type
from lakehouse.contracts.violations import Violations, YamlPath, one_of

_WRITTEN = re.compile(r"(?:(?P<function>\w+)\(\s*(?:(?P<width>\d+)\s*,\s*)?)?(?P<column>\w+)\s*\)?")
_WHOLE = frozenset({Kind.INT, Kind.LONG, Kind.DECIMAL})
# Iceberg spec, "Partition Transforms": the source types of each. Identity lacks types that do not compare exactly.
_SOURCES = {
    "identity": _WHOLE | {Kind.STRING, Kind.BOOLEAN, Kind.DATE, Kind.TIMESTAMP},
    "year": {Kind.DATE, Kind.TIMESTAMP},
    "month": {Kind.DATE, Kind.TIMESTAMP},
    "day": {Kind.DATE, Kind.TIMESTAMP},
    "hour": {Kind.TIMESTAMP},
    "bucket": _WHOLE | {Kind.STRING, Kind.DATE, Kind.TIMESTAMP, Kind.BINARY},
    "truncate": _WHOLE | {Kind.STRING, Kind.BINARY},
}
_WIDE = ("bucket", "truncate")


def partitions(
    setting: Setting | None,
    properties: Sequence[SchemaProperty],
    *,
    types: Mapping[str, Type],
    violations: Violations,
    path: YamlPath,
) -> tuple[tuple[Partition, YamlPath], ...]:
    """Read the partition fields of a dataset, each with its path.

    Args:
        setting: custom property `partitions`.
        properties: ODCS `schema[0].properties`; `partitioned: true` is an identity partition.
        types: types of the dataset's columns.
        violations: collects the violations.
        path: path of the properties.
    """
    flagged = sorted(
        (
            (property_.partitionKeyPosition or 0, index)
            for index, property_ in enumerate(properties)
            if property_.partitioned
        )
    )
    if setting is None:
        written = [(properties[index].name or "", (*path, index, "partitioned")) for _, index in flagged]
    else:
        written = texts(setting, violations=violations)
        for _, index in flagged:
            violations.add((*path, index, "partitioned"), "`partitions` is there already", remedy="keep one of the two")
    read = [
        (partition, where)
        for text, where in written
        if (partition := _partition(text, types=types, violations=violations, path=where)) is not None
    ]
    for position, (partition, where) in enumerate(read):
        if partition in [earlier for earlier, _ in read[:position]]:
            violations.add(where, f"{partition} is there already", remedy="keep one")
    return tuple(read)


def _partition(text: str, *, types: Mapping[str, Type], violations: Violations, path: YamlPath) -> Partition | None:
    match = _WRITTEN.fullmatch(text.strip())
    if match is None or (match["function"] is None) is text.strip().endswith(")"):
        violations.add(
            path, f"{text!r} is no partition", remedy="write such as order_date, day(sold_at), bucket(16, id)"
        )
        return None
    function, width, column = match["function"] or "identity", match["width"], match["column"]
    if function not in _SOURCES:
        violations.add(path, f"transform {function!r} does not exist", remedy=one_of(function, _SOURCES))
        return None
    if (function in _WIDE) != (width is not None) or width == "0":
        example = f"{function}(16, {column})" if function in _WIDE else f"{function}({column})"
        violations.add(path, f"{text!r} is no {function} partition", remedy=f"write {example}")
        return None
    if column not in types:
        violations.add(path, f"{column!r} is no column", remedy=one_of(column, types))
        return None
    if types[column].kind not in _SOURCES[function]:
        allowed = ", ".join(sorted(_SOURCES[function]))
        violations.add(path, f"{function} of a {types[column]} does not exist", remedy=f"use a column of {allowed}")
        return None
    return Partition(column=column, transform=f"{function}[{int(width)}]" if width else function)
