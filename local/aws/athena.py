"""Amazon Athena: queries that are really run, by the engine in `local.athena`; the rest of its API is ministack's.

The engine is a second of imports. They begin with the server, beside it, and the first request waits for them.
"""

import importlib
import os
import threading
from functools import partial
from typing import Any

from local import plugin
from local.plugin import Json

STATE = "athena_queries"
OPERATIONS = (
    *("StartQueryExecution", "GetQueryExecution", "BatchGetQueryExecution", "StopQueryExecution"),
    *("ListQueryExecutions", "GetQueryResults", "GetWorkGroup"),
    *("GetDatabase", "ListDatabases", "GetTableMetadata", "ListTableMetadata"),
)

_left: Json = {}
_lock = threading.Lock()
_ready = threading.Event()


def register() -> None:
    # The checksum that pyarrow's S3 client sends by default is computed byte by byte in Python on this side.
    os.environ.setdefault("AWS_REQUEST_CHECKSUM_CALCULATION", "when_required")
    plugin.operations("athena", {name: partial(_answer, name) for name in OPERATIONS})
    plugin.state(STATE, save=_save, load=_left.update)
    plugin.on_stop(_close)
    threading.Thread(target=_api, name="athena-import", daemon=True).start()


def _api() -> Any:
    with _lock:
        api = importlib.import_module("local.athena.api")
        if not _ready.is_set():
            api.load(_left)
            _ready.set()
        return api


def _answer(name: str, request: Json) -> Json:
    answer: Json = _api().OPERATIONS[name](request)
    return answer


def _save() -> Json:
    state: Json = _api().save() if _ready.is_set() else _left
    return state


def _close() -> None:
    if _ready.is_set():
        _api().close()
