"""A query on the emulator's own engine and on a real Trino: the same rows, types, names and error codes."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from emulator.athena.runtime.errors import AthenaError, MalformedQueryError
from tests.support.emulator.trino_values import Evaluate, Values

BY_NAME = ("NOT_SUPPORTED", "FUNCTION_NOT_FOUND")
"""Codes with which the emulator's own engine refuses what it lacks."""
_CLOSE = 1e-12


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an engine gives for a query: rows and types, or the code and text of an error."""

    rows: Values
    types: list[str]
    code: str = ""
    message: str = ""

    def __str__(self) -> str:
        return f"{self.code or self.rows[:4]} {self.message or self.types}"


def outcome(evaluate: Evaluate, sql: str) -> Outcome:
    """Run a query."""
    try:
        return Outcome(*evaluate(sql))
    except AthenaError as error:
        return Outcome([], [], error.code, str(error))
    except MalformedQueryError as error:
        return Outcome([], [], "SYNTAX_ERROR", str(error))


def difference(own: Outcome, trino: Outcome, *, ordered: bool = False) -> str:
    """Return how two outcomes differ; empty if they do not, or if the emulator's own engine refuses by name."""
    if own.code in BY_NAME or (own.code, own.types) == (trino.code, trino.types) == (trino.code, []):
        return ""
    key: Callable[[tuple[str | None, ...]], str] = repr
    rows, expected = (o.rows if ordered else sorted(o.rows, key=key) for o in (own, trino))
    same = (own.code, own.types, len(rows)) == (trino.code, trino.types, len(expected)) and all(
        _same(a, b, dt)
        for left, right in zip(rows, expected, strict=True)
        for a, b, dt in zip(left, right, own.types, strict=True)
    )
    return "" if same else f"own engine: {own}\n     Trino: {trino}"


def _same(own: str | None, trino: str | None, dt: str) -> bool:
    if own == trino or own is None or trino is None or dt not in ("double", "real"):
        return own == trino
    return math.isclose(float(own), float(trino), rel_tol=_CLOSE)
