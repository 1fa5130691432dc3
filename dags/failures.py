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


def may_pass(reason: str) -> bool:
    """Whether what failed for this reason may succeed if it is only done again; what nobody knows may.

    Args:
        reason: the error in the words of Glue, Athena, dbt or an SDK.
    """
    return MAY_PASS.search(reason) is not None or WILL_NOT.search(reason) is None
