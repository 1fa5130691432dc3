"""What quality rules say."""

from enum import StrEnum


class Verdict(StrEnum):
    """What a rule, or all rules of a move together, say: only PASS goes on."""

    PASS = "PASS"  # noqa: S105 - no password
    FAIL = "FAIL"
    NOT_EVALUATED = "NOT_EVALUATED"
