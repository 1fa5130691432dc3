"""Retries of changes that Lake Formation refuses because it applies another change at the same moment."""

from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

from botocore.exceptions import ClientError

from lakehouse.engine.waiting import wait_until

Answer = TypeVar("Answer")

CONFLICT = "ConcurrentModificationException"
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.2, 5.0
RETRY_LIMIT = timedelta(minutes=2)


def retried(change: Callable[[], Answer], *, subject: str) -> Answer:
    """Call a change of Lake Formation until no other change is in its way, and return its answer.

    Two deployments, or a deployment and `lakehouse tables apply`, may change Lake Formation at the same time.

    Args:
        change: one call of the API.
        subject: what is changed, for the error.

    Raises:
        LakehouseError: other changes were in the way for two minutes.

    Source: Lake Formation API, "GrantPermissions" and "AddLFTagsToResource", section "Errors".
    """

    def answer() -> tuple[Answer] | None:
        try:
            return (change(),)
        except ClientError as error:
            if error.response["Error"]["Code"] == CONFLICT:
                return None
            raise

    return wait_until(
        answer,
        subject=f"{subject}: a change without {CONFLICT}",
        first_pause=FIRST_PAUSE_SECONDS,
        longest_pause=LONGEST_PAUSE_SECONDS,
        limit=RETRY_LIMIT,
    )[0]
