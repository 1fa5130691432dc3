"""Views in Glue, as Athena stores them: a JSON document in base64 in `ViewOriginalText`."""

import base64
import binascii
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlglot.expressions import DataType

from emulator.athena.runtime import type_names
from emulator.athena.runtime.errors import AthenaError
from emulator.athena.tables import catalog

if TYPE_CHECKING:
    from mypy_boto3_glue.type_defs import TableTypeDef

_BEGIN, _END = "/* Presto View: ", " */"


@dataclass(frozen=True, slots=True)
class ViewText:
    """A view's query, and the database that its names without one are in."""

    sql: str
    schema: str


def encode(sql: str, *, schema: str, columns: list[tuple[str, DataType]]) -> str:
    """`ViewOriginalText` of a view."""
    document = {
        "originalSql": sql,
        "catalog": catalog.CATALOG,
        "schema": schema,
        "columns": [{"name": name, "type": type_names.trino_name(dt)} for name, dt in columns],
    }
    return _BEGIN + base64.b64encode(json.dumps(document).encode()).decode() + _END


def query(table: "TableTypeDef") -> ViewText:
    """The query of a view.

    Raises:
        AthenaError: its text is not one that Athena writes.
    """
    document = _document(table)
    return ViewText(document["originalSql"], document["schema"])


def columns(table: "TableTypeDef") -> dict[str, DataType]:
    """The columns that a view was made with.

    Raises:
        AthenaError: its text is not one that Athena writes.
    """
    return {column["name"]: type_names.parse_trino(column["type"]) for column in _document(table)["columns"]}


def _document(table: "TableTypeDef") -> dict[str, Any]:
    text = table.get("ViewOriginalText", "")
    try:
        document: dict[str, Any] = json.loads(
            base64.b64decode(text.removeprefix(_BEGIN).removesuffix(_END), validate=True)
        )
    except (binascii.Error, ValueError):
        document = {}
    if not {"originalSql", "schema", "columns"} <= document.keys():
        name = f"{table['DatabaseName']}.{table['Name']}"
        raise AthenaError("INVALID_VIEW", f"line 1:1: {name} is no view that Athena made")
    return document
