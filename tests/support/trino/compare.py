"""A query on the emulator's own engine and on a real Trino: the same rows, types and error codes."""

import math
import re
from dataclasses import dataclass

from emulator.athena.runtime.errors import AthenaError, MalformedQueryError
from tests.support.emulator.trino_values import Evaluate, Values

BY_NAME = ("NOT_SUPPORTED", "FUNCTION_NOT_FOUND")
"""Codes with which the emulator's own engine refuses what it lacks."""
_CLOSE = 1e-12
_PART = re.compile(r"[{}\[\], ]+")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an engine gives for a query: rows and types, or the code and text of an error."""

    rows: Values
    types: list[str]
    code: str = ""
    message: str = ""

    def __str__(self) -> str:
        return f"{self.code or self.rows[:4]} {self.message or self.types}"


def compared(own: Evaluate, trino: Evaluate) -> Evaluate:
    """Return an evaluation by the emulator's own engine, which fails if Trino's outcome is another one."""

    def evaluate(sql: str) -> tuple[Values, list[str]]:
        found = difference(outcome(own, sql), outcome(trino, sql))
        assert not found, f"{sql}\n{found}"
        return own(sql)

    return evaluate


def outcome(evaluate: Evaluate, sql: str) -> Outcome:
    """Run a query; the lengths of varchar types are left out, because the emulator's own engine infers none."""
    try:
        rows, types = evaluate(sql)
        return Outcome(rows, [re.sub(r"varchar\(\d+\)", "varchar", dt) for dt in types])
    except AthenaError as error:
        return Outcome([], [], error.code, str(error))
    except MalformedQueryError as error:
        return Outcome([], [], "SYNTAX_ERROR", str(error))


def difference(own: Outcome, trino: Outcome) -> str:
    """Return how two outcomes differ; empty if they do not, or if the emulator's own engine refuses by name.

    Trino refuses to order arrays with NULL, but only those that it evaluates.
    """
    if own.code in BY_NAME or own.code == trino.code != "" or "arrays with null elements" in trino.message:
        return ""
    rows, expected = sorted(own.rows, key=repr), sorted(trino.rows, key=repr)
    same = (own.code, own.types, len(rows)) == (trino.code, trino.types, len(expected)) and all(
        _same(a, b, dt)
        for left, right in zip(rows, expected, strict=True)
        for a, b, dt in zip(left, right, own.types, strict=True)
    )
    return "" if same else f"own engine: {own}\n     Trino: {trino}"


def _same(own: str | None, trino: str | None, dt: str) -> bool:
    if own == trino or own is None or trino is None:
        return own == trino
    if "map(" in dt:  # their entries have no order
        return sorted(_PART.split(own)) == sorted(_PART.split(trino))
    return dt in ("double", "real") and math.isclose(float(own), float(trino), rel_tol=_CLOSE)
