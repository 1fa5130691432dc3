"""Read the settings of API calls from the custom properties of an ODCS server of type `api`."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from open_data_contract_standard.model import Server

from lakehouse.contracts.api_cursor import ORDERED, order
from lakehouse.contracts.api_source import Api, Incremental, Parameters
from lakehouse.contracts.model import Column
from lakehouse.contracts.odcs.custom import Setting
from lakehouse.contracts.violations import Violations, YamlPath, one_of

CUSTOM_PROPERTIES = ("records", "paginator", "incremental", "parameters", "requestsPerMinute", "tokenHeader")

# Required and optional settings of each of dlt's paginators. `auto`, which guesses, and limits of the number of pages
# are left out, because they would end a pull before its last page.
PAGINATORS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "single_page": ((), ()),
    "page_number": (("page_param",), ("base_page", "total_path", "has_more_path")),
    "offset": (("limit", "offset_param", "limit_param"), ("total_path", "has_more_path")),
    "cursor": (("cursor_path", "cursor_param"), ("has_more_path",)),
    "header_cursor": (("cursor_key", "cursor_param"), ()),
    "header_link": ((), ("links_next_key",)),
    "json_link": (("next_url_path",), ()),
}
_NUMBERS = ("base_page", "limit")
_PATH = re.compile(r"[A-Za-z_][\w-]*(\.[A-Za-z_][\w-]*)*")
_HEADER = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
_PARAMETER = re.compile(r"[\w.$\[\]-]+")


def api(
    server: Server,
    settings: Mapping[str, Setting],
    *,
    columns: Sequence[Column],
    violations: Violations,
    path: YamlPath,
) -> Api:
    """Read how an API is called.

    Args:
        server: ODCS server of type `api`.
        settings: its custom properties.
        columns: the dataset's columns, one of which may be the cursor.
        violations: collects the violations.
        path: path of the server.
    """
    _check_location(server.location, violations=violations, path=path)
    paginator, paging = _paginator(settings.get("paginator"), violations=violations, path=path)
    limit = settings.get("requestsPerMinute")
    if limit is not None and (type(limit.value) is not int or limit.value < 1):
        violations.add(limit.path, f"{limit.value!r} is no number of requests", remedy="write a whole number from 1 on")
    records = _text(settings.get("records"), _PATH, example="data.items", violations=violations)
    return Api(
        location=server.location or "",
        paginator=paginator,
        paging=paging,
        records=tuple(records.split(".")) if records else (),
        incremental=_incremental(settings.get("incremental"), columns, violations=violations),
        parameters=_parameters(settings.get("parameters"), violations=violations),
        requests_a_minute=limit.value if limit else None,
        token_header=_text(settings.get("tokenHeader"), _HEADER, example="X-Api-Key", violations=violations),
    )


def _check_location(location: str | None, *, violations: Violations, path: YamlPath) -> None:
    url = urlsplit(location or "")
    if url.scheme not in ("http", "https") or not url.hostname:
        violations.add(
            path, f"location {location!r} is no URL", remedy="write such as https://api.example.com/v1/rates"
        )
    elif url.query or url.fragment or url.username or url.password:
        remedy = "write only the URL; put a query into `parameters`, a token into the source's secret"
        violations.add((*path, "location"), f"{location!r} has a query, fragment or user", remedy=remedy)


def _paginator(setting: Setting | None, *, violations: Violations, path: YamlPath) -> tuple[str, Parameters]:
    if setting is None:
        remedy = f"add the custom property `paginator`, e.g. {{type: single_page}}; types are {', '.join(PAGINATORS)}"
        violations.add(path, "has no paginator", remedy=remedy)
        return "", ()
    settings = dict(_map(setting, violations=violations))
    type_ = settings.pop("type", None)
    if type_ not in PAGINATORS:
        violations.add(setting.path, f"{type_!r} is no type of paginator", remedy=one_of(type_, PAGINATORS))
        return "", ()
    required, optional = PAGINATORS[str(type_)]
    for name in required:
        if name not in settings:
            violations.add(setting.path, f"a paginator of type {type_} needs {name}", remedy=f"add {name}")
    for name, value in settings.items():
        if name not in (*required, *optional):
            violations.add(
                (*setting.path, name), f"{type_} has no {name!r}", remedy=one_of(name, (*required, *optional))
            )
        elif (name in _NUMBERS) is not (type(value) is int):
            kind = "a whole number" if name in _NUMBERS else "a text"
            violations.add((*setting.path, name), f"{value!r} is not {kind}", remedy=f"write {kind}")
    return str(type_), tuple(settings.items())


def _incremental(setting: Setting | None, columns: Sequence[Column], *, violations: Violations) -> Incremental | None:
    if setting is None:
        return None
    settings = dict(_map(setting, violations=violations))
    names = ("column", "parameter", "start")
    for name in settings.keys() - {*names}:
        violations.add((*setting.path, name), f"{name!r} is unknown", remedy=one_of(name, names))
    for name in ("column", "parameter"):
        if not isinstance(settings.get(name), str):
            violations.add(setting.path, f"names no {name}", remedy=f"add {name}")
            return None
    by_name = {column.name: column for column in columns}
    name, start = str(settings["column"]), settings.get("start")
    if name not in by_name:
        violations.add((*setting.path, "column"), f"{name!r} is no column", remedy=one_of(name, by_name))
        return None
    column = by_name[name]
    if column.type.kind not in ORDERED or column.options.time_format is not None:
        remedy = "use a column of integers, decimals, texts, or ISO dates and times that grows with each new record"
        violations.add((*setting.path, "column"), f"{name!r}, a {column.type}, cannot be the cursor", remedy=remedy)
    elif start is not None and order(start, column.type, now=datetime.now(UTC)) is None:
        violations.add(
            (*setting.path, "start"),
            f"{start!r} is no {column.type} up to the current time",
            remedy="correct `start`, or remove it",
        )
    if not column.required:
        violations.add(
            (*setting.path, "column"),
            f"{name!r} may be null",
            remedy=f"set `required: true` on {name}: it is the cursor",
        )
    return Incremental(column=name, parameter=str(settings["parameter"]), start=None if start is None else str(start))


def _parameters(setting: Setting | None, *, violations: Violations) -> Parameters:
    if setting is None:
        return ()
    settings = _map(setting, violations=violations)
    for name, value in settings.items():
        if not _PARAMETER.fullmatch(str(name)) or not isinstance(value, str | int):
            violations.add(
                (*setting.path, name), f"{name}={value!r} is no parameter", remedy="write name: text or number"
            )
    return tuple(settings.items())


def _map(setting: Setting, *, violations: Violations) -> Mapping[str, Any]:
    if isinstance(setting.value, dict):
        return setting.value
    violations.add(setting.path, f"{setting.value!r} is no map", remedy="write such as {type: single_page}")
    return {}


def _text(setting: Setting | None, form: re.Pattern[str], *, example: str, violations: Violations) -> str | None:
    if setting is None:
        return None
    if not isinstance(setting.value, str) or not form.fullmatch(setting.value):
        violations.add(setting.path, f"{setting.value!r} has the wrong format", remedy=f"write such as {example}")
        return None
    return setting.value
