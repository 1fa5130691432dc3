"""Which failures may pass by themselves, by what Glue, Athena, dbt and SDKs say of them."""

import re

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
PASSING = re.compile(r"jr_\w+|[0-9a-f]{8}-[0-9a-f-]{27}|\d{2}:\d{2}:\d{2}(\.\d+)?")
"""What is another in each run: ids of Glue's job runs and Athena's queries, times of day."""


def may_pass(reason: str) -> bool:
    """Whether what failed for this reason may succeed if it is only done again; what nobody knows may.

    Args:
        reason: the error in the words of Glue, Athena, dbt or an SDK.
    """
    return MAY_PASS.search(reason) is not None or WILL_NOT.search(reason) is None


def same(one: str | None, other: str) -> bool:
    """Whether two reasons differ at most in which job run, query or moment they name."""
    return one is not None and PASSING.sub("", one) == PASSING.sub("", other)
