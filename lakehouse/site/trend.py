"""Draw the last results of a rule as bars: the height is the measured value, the colour the verdict."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

from lakehouse.quality.verdict import Verdict
from lakehouse.tables.rows import QualityRow

SHOWN = 20
HEIGHT, STEP = 20, 6
"""Pixels: of the picture, and from bar to bar."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One result: place and height in pixels, and whether the rule passed."""

    x: int
    y: int
    height: int
    passed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """The bars, oldest first, the width of the picture, and what it shows in words."""

    bars: tuple[Bar, ...]
    width: int
    words: str


def trend(results: Sequence[QualityRow]) -> Trend:
    """Return the picture of the last results, which are given oldest first; one without a measure is a full bar."""
    last = results[-SHOWN:]
    # A measure can be infinite or no number: a query of a contract may return anything.
    measures = [abs(one.measured) if one.measured is not None and isfinite(one.measured) else None for one in last]
    most = max((measure for measure in measures if measure is not None), default=0) or 1
    heights = [HEIGHT if measure is None else 3 + round((HEIGHT - 3) * (measure / most)) for measure in measures]
    passed = sum(one.result == Verdict.PASS for one in last)
    return Trend(
        bars=tuple(
            Bar(x=i * STEP, y=HEIGHT - height, height=height, passed=one.result == Verdict.PASS)
            for i, (one, height) in enumerate(zip(last, heights, strict=True))
        ),
        width=STEP * SHOWN,
        words=f"last {len(last)}: {passed} passed, {len(last) - passed} did not",
    )
