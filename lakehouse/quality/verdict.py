"""Verdicts of quality rules; a module of its own because the DAGs load no more than this."""

from enum import StrEnum


class Verdict(StrEnum):
    """The outcome of a rule, or of a gate; a gate lets data pass only with PASS."""

    PASS = "PASS"  # noqa: S105 - not a password
    FAIL = "FAIL"
    NOT_EVALUATED = "NOT_EVALUATED"
