"""Races between writers of a table: who lost one begins again on the state that won."""

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

MOVED = "another commit came first"
_SIGNS = (
    MOVED,
    "does not match current Glue metadata location",  # Sail, before it commits
    "Concurrent Glue update",  # Sail, when Glue refuses its commit
    "Iceberg commit failed: reference",  # Sail, the snapshot is not the one it planned on
    "Found conflicting files",  # Iceberg's validation on Spark
    "Found new conflicting delete files",
    "the table has been concurrently modified",  # Iceberg on Spark, between the planning and the run of a MERGE
    # Compaction and expiry took away what was to be read.
    "Snapshot with id",  # Sail
    "Cannot find matching snapshot ID",  # Iceberg on Spark
    "CommitFailedException",
    "ConcurrentModificationException",
)

log = logging.getLogger(__name__)


def retried(work: Callable[[], Result], *, what: str) -> Result:
    """Do work that commits to a table; when the commit loses a race, do all of it again on the state that won.

    Args:
        work: reads the state that it commits on by itself.
        what: what it works on, for the log.

    Raises:
        LakehouseError: it lost too many races in a row.
    """
    for attempt in range(ATTEMPTS):
        try:
            return work()
        except Exception as error:
            if not is_lost(error):
                raise
            wait = random.uniform(0, min(LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2**attempt))  # noqa: S311
            log.warning("%s: lost a race (attempt %d of %d), again in %.1f s", what, attempt + 1, ATTEMPTS, wait)
            lost = error
            time.sleep(wait)
    raise LakehouseError(
        f"{what}: lost {ATTEMPTS} commits in a row to other writers; nothing was changed, run it again when it is quiet"
    ) from lost


def is_lost(error: Exception) -> bool:
    """Whether a commit failed because another came first; then nothing of it is in the table."""
    if isinstance(error, CommitFailedException | ValidationException | TableAlreadyExistsError):
        return True
    # Engines raise one type for whatever fails.
    return any(sign in str(error) for sign in _SIGNS)
