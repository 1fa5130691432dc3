"""Where Glue's state is: in ministack's stores, so that its other operations and its persistence see the same."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ministack.core.responses import AccountRegionScopedDict  # type: ignore[import-untyped]
from ministack.services import glue  # type: ignore[import-untyped]

from emulator.runtime import checkpoint
from emulator.runtime.plugin import AwsError, Json

databases = glue._databases
tables = glue._tables
jobs = glue._jobs
runs = glue._job_runs
versions = AccountRegionScopedDict()
"""Archived versions of tables: `database/table` -> list of tables, the oldest first."""

optimizers = AccountRegionScopedDict()
"""Table optimizers: `database/table` -> type -> optimizer."""

rulesets = AccountRegionScopedDict()
"""Data Quality rulesets, by name."""

glue._ALL_STATE["table_versions"] = versions
glue._ALL_STATE["table_optimizers"] = optimizers
glue._ALL_STATE["data_quality_rulesets"] = rulesets
# ministack copies all of it first, which takes longer than to write it down.
glue.get_state = lambda: glue._ALL_STATE

_lock = threading.RLock()


@contextmanager
def change() -> Iterator[None]:
    """Change the state alone, and on disk before the caller is answered.

    ministack runs each Glue request in a thread of its own: without a lock two commits read the same version.
    """
    with _lock:
        yield
    checkpoint.flush("glue")


def found(store: Any, name: str, *, kind: str) -> Json:
    """An entry of a store.

    Raises:
        AwsError: EntityNotFoundException, if there is none.
    """
    entry: Json | None = store.get(name)
    if entry is None:
        raise AwsError("EntityNotFoundException", f"{kind} {name} not found.")
    return entry


def page(items: list[Json], request: Json, *, member: str) -> Json:
    """One page of a listing, by the request's MaxResults and NextToken."""
    start = int(request.get("NextToken") or 0)
    stop = start + int(request.get("MaxResults") or len(items) or 1)
    return {member: items[start:stop]} | ({"NextToken": str(stop)} if stop < len(items) else {})
