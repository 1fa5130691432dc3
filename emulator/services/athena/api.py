"""Amazon Athena: queries that are really run, by the engine in `emulator.athena`; the rest of its API is ministack's.

The engine is more than a second of imports: they wait for Athena's first request.
"""

import os
from functools import partial
from typing import TYPE_CHECKING

from emulator.athena.api import STATE
from emulator.runtime import plugin
from emulator.runtime.plugin import Json

if TYPE_CHECKING:
    from types import ModuleType

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
    from emulator.athena.api import operations

    operations.load(_left)
    _loaded.append(operations)


def _answer(name: str, request: Json) -> Json:
    (operations,) = _loaded
    answer: Json = operations.OPERATIONS[name](request)
    return answer


def _save() -> Json:
    state: Json = _loaded[0].save() if _loaded else _left
    return state


def _close() -> None:
    for operations in _loaded:
        operations.close()
