"""Read the custom property `rowFilter`: a predicate, in Lake Formation's syntax, for roles without access to all rows.

Source: Lake Formation developer guide, "PartiQL support in row filter expressions".
"""

import re
from collections.abc import Sequence

from lakehouse.contracts.model import Column
from lakehouse.contracts.odcs.custom import Setting
from lakehouse.contracts.types import Kind
from lakehouse.contracts.violations import Violations, one_of

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<text>'(?:[^']|'')*')
      | (?P<number>\d+(?:\.\d+)?)
      | (?P<word>[A-Za-z_][A-Za-z0-9_]*)
      | (?P<operator><>|!=|<=|>=|[=<>(),])
    )""",
    re.VERBOSE,
)
_WORDS = {"AND", "OR", "NOT", "IN", "LIKE", "BETWEEN", "IS", "NULL", "TRUE", "FALSE", "DATE", "TIMESTAMP"}
_NOT_COMPARED = (Kind.BINARY, Kind.LIST, Kind.STRUCT)


def row_filter(setting: Setting | None, columns: Sequence[Column], *, violations: Violations) -> str:
    """Read a predicate, e.g. `country IN ('France', 'Spain')`; empty if there is none.

    Args:
        setting: the custom property.
        columns: the dataset's columns, the only names that are allowed in it.
        violations: collects the violations.
    """
    if setting is None:
        return ""
    if not isinstance(setting.value, str) or not setting.value.strip():
        violations.add(
            setting.path, f"{setting.value!r} is no predicate", remedy="write such as \"country = 'France'\""
        )
        return ""
    predicate = setting.value.strip()
    by_name = {column.name: column for column in columns}
    columns_named, position, depth = 0, 0, 0
    while position < len(predicate):
        token = _TOKEN.match(predicate, position)
        if token is None:
            remedy = "use columns, 'texts', numbers, = <> < <= > >=, AND, OR, NOT, IN, LIKE, BETWEEN, IS NULL and ( )"
            violations.add(setting.path, f"{predicate[position:].lstrip()!r} is not understood", remedy=remedy)
            return ""
        position = token.end()
        depth += {"(": 1, ")": -1}.get(token["operator"], 0)
        word = token["word"]
        if depth < 0:
            break
        if word is None or word.upper() in _WORDS:
            continue
        columns_named += 1
        if word not in by_name:
            violations.add(setting.path, f"{word!r} is no column", remedy=one_of(word, by_name))
        elif by_name[word].type.kind in _NOT_COMPARED:
            violations.add(
                setting.path, f"{word!r} is a {by_name[word].type}", remedy="filter by a column that compares"
            )
    if depth:
        violations.add(setting.path, f"the brackets of {predicate!r} do not match", remedy="close each one")
    elif not columns_named:
        violations.add(setting.path, f"{predicate!r} names no column", remedy=f"use {', '.join(by_name)}")
    return predicate
