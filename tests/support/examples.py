"""How many examples a property test tries."""

import os

SHARE = 4


def examples(every: int) -> int:
    """Return how many of its examples a test tries: a quarter in `make test`, all if `ALL_EXAMPLES` is set."""
    return every if os.environ.get("ALL_EXAMPLES") else every // SHARE
