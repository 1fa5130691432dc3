"""ODCS servers to the source that a dataset comes from."""

import codecs
import re
from collections.abc import Sequence

from open_data_contract_standard.model import Server

from lakehouse.contracts.model import Column, Source
from lakehouse.contracts.odcs import api
from lakehouse.contracts.odcs.custom import Setting, flag, settings
from lakehouse.contracts.violations import Faults, YamlPath, one_of

_TYPES = {"postgresql": "postgresql", "postgres": "postgresql", "mysql": "mysql"} | {
    name: name for name in ("s3", "kinesis", "kafka", "api")
}
_DATABASES = ("postgresql", "mysql")
_FORMATS = {
    "s3": ("csv", "json", "jsonl", "parquet", "avro"),
    # As Firehose writes them: the events themselves, a line feed after each.
    "kinesis": ("jsonl", "json"),
    "kafka": ("jsonl", "json"),
    "api": ("json", "jsonl"),
}
_NAME = re.compile(r"[a-z][a-z0-9-]{0,30}")


def source(servers: Sequence[Server] | None, *, table: str, columns: Sequence[Column], faults: Faults) -> Source | None:
    """Read where a dataset comes from.

    Args:
        servers: ODCS `servers`; exactly one.
        table: name of the dataset's table in the source.
        columns: the dataset's columns.
        faults: gets what is wrong.
    """
    if not servers or len(servers) > 1:
        faults.add(
            ("servers",),
            f"has {len(servers or [])} entries",
            remedy="a dataset has exactly one source; the address of each environment is in its secret",
        )
        return None
    server, path = servers[0], ("servers", 0)
    type_ = _TYPES.get(server.type or "")
    if not _NAME.fullmatch(server.server or ""):
        faults.add(
            (*path, "server"), f"{server.server!r} is no name", remedy="use at most 31 lower-case letters, digits, -"
        )
    if type_ is None:
        faults.add((*path, "type"), f"{server.type!r} is no source", remedy=one_of(server.type, _TYPES))
        return None
    known = api.WORDS if type_ == "api" else ("quote", "header")
    given = settings(server.customProperties, known=known, faults=faults, path=(*path, "customProperties"))
    if type_ in _DATABASES:
        return _database(server, type_=type_, table=table, faults=faults, path=path)
    return Source(
        name=server.server or "",
        type=type_,
        format=_format(server, type_=type_, faults=faults, path=path),
        delimiter=_character(server.delimiter, default=",", faults=faults, path=(*path, "delimiter"))
        if server.format == "csv"
        else ",",
        quote=_quote(given.get("quote"), faults=faults),
        encoding=_encoding(server.encoding or "utf-8", faults=faults, path=(*path, "encoding")),
        header=flag(given.get("header"), default=True, faults=faults),
        api=api.api(server, given, columns=columns, faults=faults, path=path) if type_ == "api" else None,
    )


def _database(server: Server, *, type_: str, table: str, faults: Faults, path: YamlPath) -> Source:
    # In MySQL a schema is a database.
    needed = ("database",) if type_ == "mysql" else ("database", "schema")
    values = {"database": server.database, "schema": server.database if type_ == "mysql" else server.schema_}
    for field in needed:
        if not values[field]:
            faults.add(path, f"a {type_} server has a {field}", remedy=f"add `{field}`")
    if not re.fullmatch(r"[^./\s]+", table):
        faults.add(("schema", 0, "physicalName"), f"{table!r} is no table", remedy="give its name without the schema")
    return Source(
        name=server.server or "",
        type=type_,
        format="parquet",  # as DMS writes it
        database=values["database"],
        schema=values["schema"],
        table=table,
    )


def _format(server: Server, *, type_: str, faults: Faults, path: YamlPath) -> str:
    known = _FORMATS[type_]
    format_ = server.format or {"s3": "", "api": "json"}.get(type_, "jsonl")
    if format_ not in known:
        faults.add((*path, "format"), f"{server.format!r} is no format that is read", remedy=one_of(format_, known))
    if format_ == "json" and server.delimiter not in (None, "array", "new_line"):
        faults.add((*path, "delimiter"), f"{server.delimiter!r} is unknown", remedy="use array or new_line")
    return "jsonl" if format_ == "json" and server.delimiter == "new_line" else format_


def _character(value: str | None, *, default: str, faults: Faults, path: YamlPath) -> str:
    if value is not None and (len(value) != 1 or value in "\r\n"):
        faults.add(path, f"{value!r} is not one character", remedy='write one, e.g. ";" or "\\t" in double quotes')
    return value or default


def _quote(setting: Setting | None, *, faults: Faults) -> str:
    if setting is None:
        return '"'
    return _character(str(setting.value), default='"', faults=faults, path=setting.path)


def _encoding(value: str, *, faults: Faults, path: YamlPath) -> str:
    try:
        "".encode(value)  # unlike a look-up, it refuses codecs that are not of text
        return codecs.lookup(value).name
    except (LookupError, UnicodeError):
        faults.add(path, f"encoding {value!r} does not exist", remedy="use a name Python knows, e.g. utf-8, iso-8859-1")
        return "utf-8"
