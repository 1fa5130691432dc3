"""Views in Glue as Athena stores them: a JSON document in base64 in `ViewOriginalText`."""

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
    """The query of a view.

    Attributes:
        sql: the query.
        schema: database of names without one.
    """

    sql: str
    schema: str


def encode(sql: str, *, schema: str, columns: list[tuple[str, DataType]]) -> str:
    """Return the `ViewOriginalText` of a view."""
    document = {
        "originalSql": sql,
        "catalog": catalog.CATALOG,
        "schema": schema,
        "columns": [{"name": name, "type": type_names.trino_name(dt)} for name, dt in columns],
    }
    return _BEGIN + base64.b64encode(json.dumps(document).encode()).decode() + _END


def query(table: "TableTypeDef") -> ViewText:
    """Return the query of a view.

    Raises:
        AthenaError: INVALID_VIEW: the view was not written by Athena.
    """
    document = _document(table)
    return ViewText(document["originalSql"], document["schema"])


def columns(table: "TableTypeDef") -> dict[str, DataType]:
    """Return the types of a view's columns by name, as they were when the view was created.

    Raises:
        AthenaError: INVALID_VIEW: the view was not written by Athena.
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
        raise AthenaError("INVALID_VIEW", f"line 1:1: {name} is not a view that Athena created")
    return document
