"""What needs action on a dataset or model: its word, the next commands, and the page that says more.

No text that a run wrote is shown: a reason or an error may quote a value that readers of the site may not see. The
commands print these texts to those who may.
"""

from dataclasses import dataclass

from lakehouse.operations.model_status import ModelStatus
from lakehouse.operations.status import Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A problem.

    Attributes:
        word: its name.
        commands: the next commands for the person who is on call.
        runbook: page of the documentation, with its heading.
    """

    word: str
    commands: tuple[str, ...]
    runbook: str


def of_dataset(status: Status) -> list[Problem]:
    """Return the problems of a dataset, the most urgent first."""
    dataset = status.dataset
    look, run = f"lakehouse status {dataset}", f"lakehouse run {dataset}"
    quarantine, replay = f"lakehouse quarantine {dataset}", f"lakehouse replay {dataset}"
    reruns = tuple(f"lakehouse rerun {dataset} {batch_id}" for batch_id in status.blocked)
    found = [
        (status.blocked, "blocked", (look, quarantine, *reruns), "observability.md#blocked-a-gate-blocks"),
        (status.failed, "failed", (look, run), "reliability.md#if-a-job-died"),
        (status.is_late, "late", (look, run), "observability.md#freshness-data-is-too-old"),
        (
            *(status.stale, "stale", (look, quarantine, replay)),
            "observability.md#stale-rows-are-older-than-in-the-source",
        ),
        (
            *(status.source, "may differ from its source", (look, f"lakehouse reconcile {dataset}")),
            "changes.md#reconcile-with-the-source",
        ),
    ]
    return [Problem(word=word, commands=commands, runbook=runbook) for is_so, word, commands, runbook in found if is_so]


def of_model(model: ModelStatus) -> list[Problem]:
    """Return the problems of a model: its last build was refused, or it waits for other tables."""
    commands = ("lakehouse status", "lakehouse build")
    words = [*(["refused"] if model.refused else []), *(["waits"] if model.waits_for else [])]
    return [Problem(word=word, commands=commands, runbook="quality.md#models") for word in words]
