"""Amazon Athena: queries that are really run, by the engine in `local.athena`; the rest of its API is ministack's.

The engine is more than a second of imports: they wait for Athena's first request.
"""

import os
from functools import partial
from typing import TYPE_CHECKING

from local import plugin
from local.plugin import Json

if TYPE_CHECKING:
    from types import ModuleType

STATE = "athena_queries"
OPERATIONS = (
    *("StartQueryExecution", "GetQueryExecution", "BatchGetQueryExecution", "StopQueryExecution"),
    *("ListQueryExecutions", "GetQueryResults", "GetWorkGroup"),
    *("GetDatabase", "ListDatabases", "GetTableMetadata", "ListTableMetadata"),
)

_left: Json = {}
_loaded: list["ModuleType"] = []


def register() -> None:
    # The checksum that pyarrow's S3 client sends by default is computed byte by byte in Python on this side.
    os.environ.setdefault("AWS_REQUEST_CHECKSUM_CALCULATION", "when_required")
    plugin.operations("athena", {name: partial(_answer, name) for name in OPERATIONS})
    plugin.before_first_request("athena", _load)
    plugin.state(STATE, save=_save, load=_left.update)
    plugin.before_stop(_close)


def _load() -> None:
    from local.athena import api

    api.load(_left)
    _loaded.append(api)


def _answer(name: str, request: Json) -> Json:
    (api,) = _loaded
    answer: Json = api.OPERATIONS[name](request)
    return answer


def _save() -> Json:
    state: Json = _loaded[0].save() if _loaded else _left
    return state


def _close() -> None:
    for api in _loaded:
        api.close()
