"""Views of the current value of each window: Athena views in Glue, which `lakehouse tables apply` creates.

Source: Athena user guide, "Working with views"; Trino, `HiveViewReader`: a view is a JSON document in base64.
"""

import base64
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lakehouse.contracts.model import Contract
from lakehouse.contracts.types import Kind, Type
from lakehouse.names import Names, WindowTable
from lakehouse.tables import windows as definitions
from lakehouse.tables.definition import Field
from lakehouse.tables.diff import Action, Change
from lakehouse.windows.model import Accumulation, Function, Windows

if TYPE_CHECKING:
    from mypy_boto3_glue import GlueClient
    from mypy_boto3_glue.type_defs import TableInputTypeDef

_TRINO = {
    Kind.STRING: "varchar",
    Kind.INT: "integer",
    Kind.LONG: "bigint",
    Kind.TIMESTAMP: "timestamp(6) with time zone",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A view.

    Attributes:
        database: Glue database.
        table: name of the view.
        sql: its query.
        fields: its columns.
    """

    database: str
    table: str
    sql: str
    fields: tuple[Field, ...]


def of_contracts(contracts: Iterable[Contract], *, names: Names) -> Iterator[View]:
    """Yield the view of each dataset that has windows."""
    for contract in contracts:
        if contract.windows:
            panes = definitions.panes(contract, names=names)
            window = [*contract.windows.by, *(field.name for field in definitions.WINDOW)]
            measures = ["events", *(measure.name for measure in contract.windows.measures)]
            yield View(
                database=panes.database,
                table=WindowTable.CURRENT.of(contract.dataset),
                sql=_sql(contract.windows, f'"{panes.database}"."{panes.table}"', window=window, measures=measures),
                fields=tuple(field for field in panes.fields if field.name in (*window, *measures)),
            )


def differences(glue: "GlueClient", view: View) -> list[Change]:
    """Return the change that makes the view in Glue equal to this one; empty if it is."""
    text, name = _text(view), f"{view.database}.{view.table}"
    try:
        existing = glue.get_table(DatabaseName=view.database, Name=view.table)["Table"]
    except glue.exceptions.EntityNotFoundException:
        return [Change(table=name, action=Action.CREATE, detail="view of the current value of each window")]
    if existing.get("ViewOriginalText") == text:
        return []
    return [Change(table=name, action=Action.ALTER, detail="view of the current value of each window")]


def set_up(glue: "GlueClient", view: View) -> None:
    """Create or replace the view in Glue, if it differs."""
    new: TableInputTypeDef = {
        "Name": view.table,
        "TableType": "VIRTUAL_VIEW",
        "Parameters": {"presto_view": "true", "comment": "Presto View"},
        "PartitionKeys": [],
        "StorageDescriptor": {
            "Columns": [{"Name": field.name, "Type": field.type.glue} for field in view.fields],
            "Location": "",
            "SerdeInfo": {},
        },
        "ViewOriginalText": _text(view),
        "ViewExpandedText": "/* Presto View */",
    }
    for change in differences(glue, view):
        put = glue.create_table if change.action is Action.CREATE else glue.update_table
        put(DatabaseName=view.database, TableInput=new)


def _sql(windows: Windows, panes: str, *, window: list[str], measures: list[str]) -> str:
    """Return the query; docs/streams.md explains it."""
    by, values = (", ".join(f'"{name}"' for name in names) for names in (window, measures))
    match windows.accumulation:
        case Accumulation.RETRACT:
            return f"SELECT {by}, {values} FROM {panes} GROUP BY {by}, {values} HAVING sum(sign) > 0"  # noqa: S608
        case Accumulation.DISCARD:
            functions = {measure.name: measure.function for measure in windows.measures}
            extremes = (Function.MIN, Function.MAX)
            combined = ", ".join(
                f'{functions[name] if functions.get(name) in extremes else "sum"}("{name}") AS "{name}"'
                for name in measures
            )
            return f"SELECT {by}, {combined} FROM {panes} GROUP BY {by} HAVING min(sign) > 0"  # noqa: S608
    return (
        f"SELECT {by}, {values} FROM (SELECT *, row_number() OVER (PARTITION BY {by} ORDER BY pane_index DESC) "  # noqa: S608
        f'AS "_place", min(sign) OVER (PARTITION BY {by}) AS "_least" FROM {panes}) '
        'WHERE "_place" = 1 AND "_least" > 0'
    )


def _text(view: View) -> str:
    document = {
        "originalSql": view.sql,
        "catalog": "awsdatacatalog",
        "schema": view.database,
        "columns": [{"name": field.name, "type": _trino(field.type)} for field in view.fields],
    }
    return f"/* Presto View: {base64.b64encode(json.dumps(document).encode()).decode()} */"


def _trino(type_: Type) -> str:
    return _TRINO.get(type_.kind, type_.glue)
