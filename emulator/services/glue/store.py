"""Glue's state, in ministack's stores, so that ministack's operations and its persistence use the same state."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from ministack.core.responses import AccountRegionScopedDict  # type: ignore[import-untyped]
from ministack.services import glue  # type: ignore[import-untyped]

from emulator.runtime import checkpoint
from emulator.runtime.plugin import Json
from emulator.runtime.store import find as find_in_collection

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
# ministack would copy the state first, which takes longer than writing it.
glue.get_state = lambda: glue._ALL_STATE

find = partial(find_in_collection, code="EntityNotFoundException")
"""Return an entry of one of these stores, or raise EntityNotFoundException; see `emulator.runtime.store.find`."""

_lock = threading.RLock()


@contextmanager
def change() -> Iterator[None]:
    """Change the state under a lock, and write it to disk before the answer is sent.

    ministack runs each Glue request in a separate thread: without a lock two commits could read the same version.
    """
    with _lock:
        yield
    checkpoint.flush("glue")


def page(items: list[Json], request: Json, *, member: str) -> Json:
    """Return one page of a listing, as the request's MaxResults and NextToken select it."""
    start = int(request.get("NextToken") or 0)
    stop = start + int(request.get("MaxResults") or len(items) or 1)
    return {member: items[start:stop]} | ({"NextToken": str(stop)} if stop < len(items) else {})
