"""Format estimates as tables for a screen or a pull request, or as JSON for a program."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lakehouse.cost.estimate import Estimate
from lakehouse.cost.prices import Charge, Prices


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One table: its title, headings, and rows of text; the last columns, from `numbers_from`, are numbers."""

    title: str
    headings: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    numbers_from: int


def sections(now: Estimate, *, before: Estimate | None) -> list[Section]:
    """Return the sections of a report: fixed costs, costs by use, and resources without a price.

    Args:
        now: the estimate.
        before: an estimate to compare with; then only differences are shown.
    """
    costs = [_fixed(now), _usage(now)] if before is None else [_fixed_change(now, before), _usage_change(now, before)]
    unpriced = [(reason, str(len(resources))) for reason, resources in sorted(now.unpriced.items())]
    not_priced = Section(title="Not priced", headings=("why", "resources"), rows=unpriced, numbers_from=1)
    return [section for section in (*costs, not_priced) if section.rows]


def markdown(section: Section) -> str:
    """Return a section as a table in GitHub's Markdown."""
    count = len(section.headings)
    rule = ["---" if column < section.numbers_from else "---:" for column in range(count)]
    lines = [section.headings, rule, *section.rows]
    return "\n".join([f"**{section.title}**", "", *(f"| {' | '.join(line)} |" for line in lines), ""])


def as_json(now: Estimate, *, before: Estimate | None, prices: Prices) -> dict[str, Any]:
    """Return an estimate as JSON, with numbers that are not rounded."""
    document = {"prices_as_of": prices.as_of.isoformat(), "region": prices.region, **_json(now)}
    return document if before is None else document | {"before": _json(before)}


def _json(estimate: Estimate) -> dict[str, Any]:
    return {
        "usd_a_month": estimate.monthly,
        "fixed": [
            {"service": service, "what": what, "resources": count, "usd_a_month": usd}
            for (service, what), (count, usd) in estimate.fixed.items()
        ],
        "usage": [
            {"service": charge.service, "what": charge.what, "per": charge.per, "usd": charge.usd}
            for charge in estimate.usage
        ],
        "not_priced": dict(estimate.unpriced),
    }


def _fixed(estimate: Estimate) -> Section:
    rows = [(service, what, str(count), money(usd)) for (service, what), (count, usd) in estimate.fixed.items()]
    total = ("all", "", "", money(estimate.monthly))
    return Section(
        title="Fixed, USD a month",
        headings=("service", "what", "resources", "USD a month"),
        rows=[*rows, total],
        numbers_from=2,
    )


def _usage(estimate: Estimate) -> Section:
    rows = [(charge.per, charge.service, charge.what, money(charge.usd)) for charge in estimate.usage]
    return Section(title="By use, USD", headings=("per", "service", "what", "USD"), rows=rows, numbers_from=3)


def _fixed_change(now: Estimate, before: Estimate) -> Section:
    rows = []
    for service, what in sorted(now.fixed.keys() | before.fixed.keys()):
        (_, old), (_, new) = before.fixed.get((service, what), (0, 0.0)), now.fixed.get((service, what), (0, 0.0))
        if abs(new - old) >= 0.005:
            rows.append((service, what, money(old), money(new), _signed(new - old)))
    rows.append(("all", "", money(before.monthly), money(now.monthly), _signed(now.monthly - before.monthly)))
    return Section(
        title="Fixed, USD a month",
        headings=("service", "what", "before", "now", "difference"),
        rows=rows,
        numbers_from=2,
    )


def _usage_change(now: Estimate, before: Estimate) -> Section:
    def row(charge: Charge, mark: str) -> tuple[str, ...]:
        return (mark, charge.per, charge.service, charge.what, money(charge.usd))

    removed, added = set(before.usage) - set(now.usage), set(now.usage) - set(before.usage)
    rows = [row(charge, "-") for charge in sorted(removed)] + [row(charge, "+") for charge in sorted(added)]
    return Section(title="By use, USD", headings=("", "per", "service", "what", "USD"), rows=rows, numbers_from=4)


def money(usd: float) -> str:
    """Return an amount with two decimals, or below 0.10 with two significant digits."""
    return f"{usd:,.2f}" if usd >= 1 or usd == 0 else f"{usd:.2g}" if usd < 0.1 else f"{usd:.2f}"


def _signed(usd: float) -> str:
    return f"{'+' if usd >= 0 else '-'}{money(abs(usd))}"
