"""Lake Formation's tag-based access control, decided as its developer guide documents it: nothing of ours is used.

"Lake Formation tag-based access control": a table inherits its database's LF-Tags and a column its table's, unless it
has a value of its own. An expression matches what has, for each of its keys, one of its values. Permissions add up.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Tags = Mapping[str, str]
ALL_ROWS, SOME_ROWS = "all rows", "some rows"


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table in the catalog.

    Args:
        database, name: where it is.
        inherited: LF-Tags of its database.
        tags: its own.
        columns: each column's own.
        filters: columns of each data cells filter on it, by the filter's name.
    """

    database: str
    name: str
    inherited: Tags
    tags: Tags
    columns: Mapping[str, Tags]
    filters: Mapping[str, frozenset[str]]


def seen(table: Table, grants: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Columns of a table that a principal may select, and whether in all rows.

    Args:
        table: the table.
        grants: the principal's, with `Resource` and `Permissions` as the API has them.

    Raises:
        NotImplementedError: a kind of grant that this does not know, so that none is overlooked.
    """
    found: dict[str, str] = {}
    for grant in grants:
        if not {"SELECT", "ALL"} & {*grant["Permissions"]}:
            continue
        match grant["Resource"]:
            case {"LFTagPolicy": {"ResourceType": "TABLE", "Expression": expression}}:
                for column, own in table.columns.items():
                    if matches(expression, {**table.inherited, **table.tags, **own}):
                        found[column] = ALL_ROWS
            case {"DataCellsFilter": {"DatabaseName": table.database, "TableName": table.name, "Name": name}}:
                for column in table.filters[name]:
                    found.setdefault(column, SOME_ROWS)
            case {"DataCellsFilter": _}:
                pass
            case unknown:
                raise NotImplementedError(f"a grant on {unknown}")
    return found


def matches(expression: Iterable[Mapping[str, Any]], tags: Tags) -> bool:
    return all(tags.get(pair["TagKey"]) in pair["TagValues"] for pair in expression)
