"""Resolve the Jinja that metrics may use: variables of the dbt project, and MetricFlow's dimensions in filters."""

import re
from collections.abc import Mapping
from typing import Any

from lakehouse.errors import LakehouseError

_VARIABLE = re.compile(r"""\{\{\s*var\(["'](?P<name>\w+)["']\)\s*(?:\|\s*join\("(?P<by>[^"]*)"\)\s*)?\}\}""")
_DIMENSION = re.compile(r"""\{\{\s*Dimension\(["'](?P<name>\w+)["']\)\s*\}\}""")


def render(text: str, *, variables: Mapping[str, Any], where: str) -> str:
    """Return a text with the values of variables; a dimension becomes a column `entity__dimension`.

    Raises:
        LakehouseError: a variable does not exist, or the text has other Jinja.
    """

    def value(match: re.Match[str]) -> str:
        if match["name"] not in variables:
            raise LakehouseError(f"{where}: dbt_project.yml has no variable {match['name']!r}: add it under `vars`")
        found = variables[match["name"]]
        return str(found) if match["by"] is None else match["by"].join(map(str, found))

    rendered = _DIMENSION.sub(lambda match: match["name"], _VARIABLE.sub(value, text))
    if "{{" in rendered or "{%" in rendered:
        raise LakehouseError(
            f"{where}: {text!r} has Jinja that is not supported: use {{{{ var('NAME') }}}}, also with | join, and in "
            "filters {{ Dimension('ENTITY__DIMENSION') }}"
        )
    return rendered
