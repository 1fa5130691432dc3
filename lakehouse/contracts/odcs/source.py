"""Read the source of a dataset from ODCS `servers`."""

import codecs
import re
from collections.abc import Sequence

from open_data_contract_standard.model import Server

from lakehouse.contracts.encoding import decodes_streams
from lakehouse.contracts.model import Column, Source
from lakehouse.contracts.odcs import api
from lakehouse.contracts.odcs.custom import Setting, flag, settings
from lakehouse.contracts.violations import Violations, YamlPath, one_of

_TYPES = {"postgresql": "postgresql", "postgres": "postgresql", "mysql": "mysql"} | {
    name: name for name in ("s3", "kinesis", "kafka", "api")
}
_DATABASES = ("postgresql", "mysql")
_FORMATS = {
    "s3": ("csv", "json", "jsonl", "parquet", "avro"),
    # Firehose writes the events themselves, with a line feed after each.
    "kinesis": ("jsonl", "json"),
    "kafka": ("jsonl", "json"),
    "api": ("json", "jsonl"),
}
_NAME = re.compile(r"[a-z][a-z0-9-]{0,30}")


def source(
    servers: Sequence[Server] | None, *, table: str, columns: Sequence[Column], violations: Violations
) -> Source | None:
    """Read the source of a dataset.

    Args:
        servers: ODCS `servers`; exactly one.
        table: name of the dataset's table in the source.
        columns: the dataset's columns.
        violations: collects the violations.
    """
    if not servers or len(servers) > 1:
        violations.add(
            ("servers",),
            f"has {len(servers or [])} entries",
            remedy="a dataset has exactly one source; the address of each environment is in its secret",
        )
        return None
    server, path = servers[0], ("servers", 0)
    type_ = _TYPES.get(server.type or "")
    if not _NAME.fullmatch(server.server or ""):
        violations.add(
            (*path, "server"), f"{server.server!r} is no name", remedy="use at most 31 lower-case letters, digits, -"
        )
    if type_ is None:
        violations.add((*path, "type"), f"{server.type!r} is no source", remedy=one_of(server.type, _TYPES))
        return None
    known = api.CUSTOM_PROPERTIES if type_ == "api" else ("quote", "header")
    custom = settings(server.customProperties, known=known, violations=violations, path=(*path, "customProperties"))
    if type_ in _DATABASES:
        return _database(server, type_=type_, table=table, violations=violations, path=path)
    return Source(
        name=server.server or "",
        type=type_,
        format=_format(server, type_=type_, violations=violations, path=path),
        delimiter=_character(server.delimiter, default=",", violations=violations, path=(*path, "delimiter"))
        if server.format == "csv"
        else ",",
        quote=_quote(custom.get("quote"), violations=violations),
        encoding=_encoding(server.encoding or "utf-8", violations=violations, path=(*path, "encoding")),
        header=flag(custom.get("header"), default=True, violations=violations),
        api=api.api(server, custom, columns=columns, violations=violations, path=path) if type_ == "api" else None,
    )


def _database(server: Server, *, type_: str, table: str, violations: Violations, path: YamlPath) -> Source:
    # In MySQL a schema is a database.
    required = ("database",) if type_ == "mysql" else ("database", "schema")
    values = {"database": server.database, "schema": server.database if type_ == "mysql" else server.schema_}
    for field in required:
        if not values[field]:
            violations.add(path, f"a {type_} server has a {field}", remedy=f"add `{field}`")
    _check_table(table, violations=violations)
    return Source(
        name=server.server or "",
        type=type_,
        format="parquet",  # DMS writes it
        database=values["database"],
        schema=values["schema"],
        table=table,
    )


def _check_table(table: str, *, violations: Violations) -> None:
    """Refuse names of tables that would be a path in stage or a pattern of DMS; blanks and quotes are allowed."""
    path = ("schema", 0, "physicalName")
    if "." in table:
        violations.add(path, f"{table!r} has a dot", remedy="give the table's name without the schema")
    elif not table.strip() or not table.isprintable() or set(table) & set("/%[]\\"):
        violations.add(
            path,
            f"{table!r} is no name of a table that DMS can be told",
            remedy="rename the table in the source, or replicate a table of another name: no / % [ ] \\ and no control "
            "characters",
        )


def _format(server: Server, *, type_: str, violations: Violations, path: YamlPath) -> str:
    known = _FORMATS[type_]
    format_ = server.format or {"s3": "", "api": "json"}.get(type_, "jsonl")
    if format_ not in known:
        violations.add((*path, "format"), f"{server.format!r} is no format that is read", remedy=one_of(format_, known))
    if format_ == "json" and server.delimiter not in (None, "array", "new_line"):
        violations.add((*path, "delimiter"), f"{server.delimiter!r} is unknown", remedy="use array or new_line")
    return "jsonl" if format_ == "json" and server.delimiter == "new_line" else format_


def _character(value: str | None, *, default: str, violations: Violations, path: YamlPath) -> str:
    if value is not None and (len(value) != 1 or value in "\r\n"):
        violations.add(path, f"{value!r} is not one character", remedy='write one, e.g. ";" or "\\t" in double quotes')
    return value or default


def _quote(setting: Setting | None, *, violations: Violations) -> str:
    if setting is None:
        return '"'
    return _character(str(setting.value), default='"', violations=violations, path=setting.path)


def _encoding(value: str, *, violations: Violations, path: YamlPath) -> str:
    if decodes_streams(value):
        return codecs.lookup(value).name
    violations.add(
        path,
        f"encoding {value!r} does not exist or is none of text files",
        remedy="use a name Python knows, e.g. utf-8, iso-8859-1",
    )
    return "utf-8"
