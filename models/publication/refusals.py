"""Decide which models of a build may not be published. Pure: no file, no AWS."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter

SUCCESS = "success"
PASSED = ("pass", "warn", "success", "no-op")
"""Results of a test that lets its models be published; a test of severity `warn` ends with `warn`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Test:
    """The result of one test.

    Attributes:
        name: name of the test.
        status: pass, warn, fail, error or skipped.
        message: dbt's message; "" if there is none.
        parents: models that it reads.
        attached: the model that declares it; None if it is a test of its own or of a source.
    """

    name: str
    status: str
    message: str
    parents: tuple[str, ...]
    attached: str | None = None


def refusals(
    statuses: Mapping[str, str], *, parents: Mapping[str, Collection[str]], tests: Sequence[Test]
) -> dict[str, str]:
    """Return each model of a build that must not be published, with the reason.

    A model is refused if it failed, if a test that judges it failed or could not run, or if it reads the result of a
    refused model. A model that this build did not build is read as it is published, so it carries no refusal.

    Args:
        statuses: result of each model that this build was asked for.
        parents: for each model of the project, the models that it reads directly.
        tests: results of the tests of this build.
    """
    built = statuses.keys()
    reasons = {model: f"{status}: it was not built" for model, status in statuses.items() if status != SUCCESS}
    for test in tests:
        if test.status in PASSED:
            continue
        what = test.message or ("it did not run" if test.status == "skipped" else test.status)
        for model in judged(test, built=built, parents=parents):
            reasons.setdefault(model, f"test {test.name}: {what}")
    for model in order(built, parents=parents):
        if reason := unpublished_parent(model, reasons, parents=parents):
            reasons.setdefault(model, reason)
    return reasons


def unpublished_parent(model: str, reasons: Mapping[str, str], *, parents: Mapping[str, Collection[str]]) -> str | None:
    """Return why a model is refused although it passed itself: it reads a refused model; None if it reads none."""
    refused = sorted(parent for parent in parents.get(model, ()) if parent in reasons)
    return f"it reads {_name(refused[0])}, which was not published" if refused else None


def judged(test: Test, *, built: Collection[str], parents: Mapping[str, Collection[str]]) -> list[str]:
    """Return the models of a build that a test judges.

    A test that a model declares judges this model. Any other test judges the models that it reads, except ancestors
    of another one: their own tests have judged them, and they are the reference.
    """
    if test.attached in built:
        return [test.attached]
    read = [model for model in test.parents if model in built]
    older = {ancestor for model in read for ancestor in ancestors(model, parents=parents)}
    return [model for model in read if model not in older]


def ancestors(model: str, *, parents: Mapping[str, Collection[str]]) -> set[str]:
    """Return all models that a model reads, directly or through others."""
    found: set[str] = set()
    pending = list(parents.get(model, ()))
    while pending:
        parent = pending.pop()
        if parent not in found:
            found.add(parent)
            pending += parents.get(parent, ())
    return found


def order(models: Collection[str], *, parents: Mapping[str, Collection[str]]) -> list[str]:
    """Return models, each after those that it reads."""
    graph = {model: sorted(set(parents.get(model, ())) & set(models)) for model in sorted(models)}
    return list(TopologicalSorter(graph).static_order())


def _name(model: str) -> str:
    return model.split(".")[-1]
