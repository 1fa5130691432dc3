"""Wait for something outside this process, by asking again after pauses that grow."""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

from lakehouse.errors import LakehouseError

Result = TypeVar("Result")


def wait_until(
    check: Callable[[], Result | None],
    *,
    subject: str,
    first_pause: float,
    longest_pause: float,
    limit: timedelta,
    growth: float = 1.5,
) -> Result:
    """Call a function until it returns something other than None, and return that.

    Args:
        check: asks once; what it raises ends the waiting.
        subject: what is awaited, for the error.
        first_pause: seconds between the first two calls.
        longest_pause: seconds that a pause has at most.
        limit: time after which no further call is made.
        growth: factor from one pause to the next.

    Raises:
        LakehouseError: the time limit is over.
    """
    end = time.monotonic() + limit.total_seconds()
    pause = first_pause
    while (result := check()) is None:
        if time.monotonic() + pause > end:
            raise LakehouseError(f"{subject} did not happen within {limit}")
        time.sleep(pause)
        pause = min(pause * growth, longest_pause)
    return result
