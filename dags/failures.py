"""Tell temporary failures from permanent ones by the error messages of Glue, Athena, dbt and SDKs."""

import re

TEMPORARY = re.compile(
    r"throttl|TooManyRequests|Rate exceeded|SlowDown|ServiceUnavailable|InternalServ|ConcurrentRunsExceeded"
    r"|ResourceNumberLimitExceeded|timed? ?out|connection (was )?(reset|refused|closed|aborted)|Could not connect"
    r"|another build changed|commits in a row|CommitFailedException|ICEBERG_COMMIT_ERROR",
    re.IGNORECASE,
)
PERMANENT = re.compile(
    r"LakehouseError|configured to fail if|Compilation Error|SYNTAX_ERROR|COLUMN_NOT_FOUND|TABLE_NOT_FOUND"
    r"|TYPE_MISMATCH|AccessDenied|not authorized|EntityNotFound|InvalidInput|ModuleNotFoundError|ImportError"
)
VARYING = re.compile(r"jr_\w+|__[0-9a-f]{8}\b|[0-9a-f]{8}-[0-9a-f-]{27}|\d{2}:\d{2}:\d{2}(\.\d+)?")
"""Parts of a message that differ in each run: ids of Glue's job runs, builds and Athena's queries, times of day."""


def may_be_temporary(reason: str) -> bool:
    """Return whether a retry may succeed; an unknown failure may.

    Args:
        reason: error message of Glue, Athena, dbt or an SDK.
    """
    return TEMPORARY.search(reason) is not None or PERMANENT.search(reason) is None


def is_same_failure(first: str | None, second: str) -> bool:
    """Return whether two reasons differ at most in the job run, the query or the time that they name."""
    return first is not None and VARYING.sub("", first) == VARYING.sub("", second)
