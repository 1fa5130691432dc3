"""A report of a diagnosis, as Markdown without anything that identifies an account, a person or a key."""

from collections import Counter
from collections.abc import Iterable, Sequence

from lakehouse.operations.doctor.check import Outcome, Result
from lakehouse.operations.doctor.redact import redacted

ORDER = (Outcome.FAILED, Outcome.NOT_CHECKED, Outcome.PASSED)
LONGEST = 500
"""Characters of a message that are kept."""


def summary(results: Iterable[Result]) -> str:
    """Return how many checks have passed, have failed and were not made."""
    counts = Counter(result.outcome for result in results)
    return ", ".join(f"{counts[outcome]} {outcome}" for outcome in reversed(ORDER))


def markdown(results: Sequence[Result], *, environment: str, region: str, version: str, secrets: Iterable[str]) -> str:
    """Return the report.

    Args:
        results: the results of all checks.
        environment: the environment that was checked.
        region: its region.
        version: version of the lakehouse.
        secrets: texts that must not be in the report.
    """
    known = list(secrets)
    lines = [
        "# lakehouse doctor",
        "",
        f"Environment {environment}, region {region}, version {version}: {summary(results)}.",
    ]
    for outcome in ORDER:
        found = [result for result in results if result.outcome is outcome]
        if not found:
            continue
        lines += [
            "",
            f"## {outcome.capitalize()}",
            "",
            "| check | role | subject | found | remedy |",
            "|---|---|---|---|---|",
        ]
        for result in found:
            remedy = "" if outcome is Outcome.PASSED else f"{result.check.remedy} ([source]({result.check.source}))"
            cells = (result.check.name, result.role or "caller", result.finding.subject, result.finding.detail)
            lines.append(f"| {' | '.join(_cell(cell, known) for cell in cells)} | {remedy} |")
    return redacted("\n".join(lines) + "\n", known)


def _cell(text: str, secrets: Iterable[str]) -> str:
    """Return a text that stays within one cell of a Markdown table and is shown as it is."""
    one_line = " ".join("".join(character if character.isprintable() else " " for character in text).split())
    one_line = redacted(one_line, secrets)  # first, because an escaped secret would not be found
    if len(one_line) > LONGEST:
        one_line = f"{one_line[:LONGEST]} ..."
    for character in "\\`*_<>[]|":
        one_line = one_line.replace(character, f"\\{character}")
    return one_line
