"""Which failures may pass by themselves: those are tried again, the others fail their task at once."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from airflow.sdk.exceptions import AirflowFailException, AirflowRescheduleException, AirflowSkipException

MAY_PASS = re.compile(
    r"throttl|TooManyRequests|Rate exceeded|SlowDown|ServiceUnavailable|InternalServ|ConcurrentRunsExceeded"
    r"|ResourceNumberLimitExceeded|timed? ?out|connection (was )?(reset|refused|closed|aborted)|Could not connect"
    r"|commits in a row|CommitFailedException|ICEBERG_COMMIT_ERROR",
    re.IGNORECASE,
)
WILL_NOT = re.compile(
    r"LakehouseError|configured to fail if|Compilation Error|SYNTAX_ERROR|COLUMN_NOT_FOUND|TABLE_NOT_FOUND"
    r"|TYPE_MISMATCH|AccessDenied|not authorized|EntityNotFound|InvalidInput|ModuleNotFoundError|ImportError"
)


def may_pass(reason: str) -> bool:
    """Whether what failed for this reason may succeed if it is only done again; what nobody knows may.

    Args:
        reason: the error in the words of Glue, Athena, dbt or an SDK.
    """
    return MAY_PASS.search(reason) is not None or WILL_NOT.search(reason) is None


@contextmanager
def only_what_may_pass() -> Iterator[None]:
    """Let Airflow try again what may pass; what will not fails its task at once.

    Raises:
        AirflowFailException: in place of an error that a repetition does not mend.
    """
    try:
        yield
    except (AirflowFailException, AirflowSkipException, AirflowRescheduleException):
        raise
    except Exception as error:
        if may_pass(f"{type(error).__name__}: {error}"):
            raise
        raise AirflowFailException(str(error)) from error
