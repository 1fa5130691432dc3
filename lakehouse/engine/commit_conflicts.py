"""Commit conflicts: when another writer committed to a table first, the work is done again on the new state."""

import logging
import random
import time
from collections.abc import Callable
from typing import TypeVar

from pyiceberg.exceptions import CommitFailedException, TableAlreadyExistsError, ValidationException

from lakehouse.errors import LakehouseError

Result = TypeVar("Result")

ATTEMPTS = 10
FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 0.2, 20.0

OTHER_COMMIT_FIRST = "another commit came first"
_SIGNS = (
    OTHER_COMMIT_FIRST,
    "does not match current Glue metadata location",  # Sail, before it commits
    "Concurrent Glue update",  # Sail, when Glue refuses its commit
    "Iceberg commit failed: reference",  # Sail, the snapshot is not the one it planned on
    "Found conflicting files",  # Iceberg's validation on Spark
    "Found new conflicting delete files",
    "the table has been concurrently modified",  # Iceberg on Spark, between the planning and the run of a MERGE
    # Compaction or expiry removed the snapshot that was to be read.
    "Snapshot with id",  # Sail
    "Cannot find matching snapshot ID",  # Iceberg on Spark
    "CommitFailedException",
    "ConcurrentModificationException",
)

log = logging.getLogger(__name__)


def retry_on_conflict(work: Callable[[], Result], *, subject: str) -> Result:
    """Call a function that commits to a table; after a commit conflict, call it again.

    Args:
        work: reads the state of the table and commits on it, so that each call starts from the new state.
        subject: what it works on, for the log.

    Returns:
        What `work` returns.

    Raises:
        LakehouseError: too many commits in a row were in conflict.
    """
    for attempt in range(ATTEMPTS):
        try:
            return work()
        except Exception as error:
            if not is_conflict(error):
                raise
            wait = random.uniform(0, min(LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2**attempt))  # noqa: S311
            log.warning("%s: commit conflict (attempt %d of %d), again in %.1f s", subject, attempt + 1, ATTEMPTS, wait)
            conflict = error
            time.sleep(wait)
    raise LakehouseError(
        f"{subject}: other writers committed first, {ATTEMPTS} commits in a row; nothing was changed; run it "
        "again when fewer jobs write to the table"
    ) from conflict


def is_conflict(error: Exception) -> bool:
    """Return whether a commit failed because another came first; then nothing of it is in the table."""
    if isinstance(error, CommitFailedException | ValidationException | TableAlreadyExistsError):
        return True
    # Engines raise the same type for all failures.
    return any(sign in str(error) for sign in _SIGNS)
