"""Partitions and column statistics, which ministack answers, as operations of this server."""

import json
from functools import partial
from typing import Any

from ministack.services import glue  # type: ignore[import-untyped]

from emulator.runtime.plugin import AwsError, Json, Operation

NAMES = (
    *("create_partition", "batch_create_partition", "batch_update_partition", "delete_partition"),
    *("get_partition", "get_partitions", "batch_get_partition", "create_partition_index", "get_partition_indexes"),
    *(
        f"{verb}_column_statistics_for_{what}"
        for verb in ("get", "update", "delete")
        for what in ("table", "partition")
    ),
)


def answer(name: str, request: Json) -> Json:
    """Return ministack's answer to an operation, by its name in snake case.

    Raises:
        AwsError: ministack refused the request.
    """
    function: Any = getattr(glue, f"_{name}")
    status, _, body = function(request)
    members: Json = json.loads(body or b"{}")
    if status >= 400:
        raise AwsError(members["__type"], members["message"], status=status)
    return members


def _operation(name: str) -> Operation:
    operation = partial(answer, name)
    operation.__name__ = name  # type: ignore[attr-defined]
    return operation


OPERATIONS = [_operation(name) for name in NAMES]
