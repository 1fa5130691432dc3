"""Amazon Athena: queries run on the engine in `emulator.athena`; ministack answers the other operations.

The engine's imports take more than a second, so they wait for the first request to Athena.
"""

import os
from typing import TYPE_CHECKING

from botocore import xform_name

from emulator.athena.api import STATE
from emulator.runtime import plugin
from emulator.runtime.plugin import Json, Operation
from emulator.services.athena import permissions

if TYPE_CHECKING:
    from types import ModuleType

OPERATIONS = (
    *("StartQueryExecution", "GetQueryExecution", "BatchGetQueryExecution", "StopQueryExecution"),
    *("ListQueryExecutions", "GetQueryResults", "GetWorkGroup", "GetQueryRuntimeStatistics", "ListEngineVersions"),
    *("GetDatabase", "ListDatabases", "GetTableMetadata", "ListTableMetadata"),
)
"""The operations that the engine answers; they are listed here so that the engine need not be imported."""

_saved_state: Json = {}
_loaded: list["ModuleType"] = []


def register() -> None:
    """Answer the engine's operations and keep its state."""
    # The checksum that pyarrow's S3 client sends by default is computed byte by byte in Python on this side.
    os.environ.setdefault("AWS_REQUEST_CHECKSUM_CALCULATION", "when_required")
    plugin.operations("athena", [_lazy(name) for name in OPERATIONS])
    plugin.before_first_request("athena", _load)
    plugin.state(STATE, save=_save, load=_saved_state.update)
    plugin.before_stop(_close)
    plugin.resources("athena", permissions.resources)


def _load() -> None:
    from emulator.athena.api import operations

    operations.load(_saved_state)
    _loaded.append(operations)


def _lazy(name: str) -> Operation:
    """Return a function that calls an operation of the engine, once that is loaded."""

    def answer(request: Json) -> Json:
        (operations,) = _loaded
        response: Json = operations.OPERATIONS[name](request)
        return response

    answer.__name__ = xform_name(name)
    return answer


def _save() -> Json:
    state: Json = _loaded[0].save() if _loaded else _saved_state
    return state


def _close() -> None:
    for operations in _loaded:
        operations.close()
