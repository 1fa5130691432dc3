"""The work of one attempt of a move: what it counted, and how the quality rules judge it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from lakehouse.quality.results import Result, gate
from lakehouse.quality.verdict import Verdict

Counts = Mapping[str, int]
"""Fields of `Attempt` that a move counted for one batch, by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """The work of one attempt.

    Attributes:
        counts: counts by batch id.
        results: results of the quality rules, by the batch to which they belong.
        unexpected: records and parts of objects that caused an unexpected error of a reader; None if none were read.
    """

    counts: Mapping[str, Counts] = field(default_factory=dict)
    results: Mapping[str, Sequence[Result]] = field(default_factory=dict)
    unexpected: int | None = None

    @property
    def gate(self) -> Verdict | None:
        """The verdict on all batches of the attempt; None if no rule was evaluated."""
        return gate(result for results in self.results.values() for result in results) if self.results else None
