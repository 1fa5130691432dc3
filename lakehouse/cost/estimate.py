"""What the templates of a deployment add up to."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from lakehouse.cost.assembly import Template
from lakehouse.cost.prices import MONTH, Charge, NotPricedError, Prices

DATA = ("GB ingested", "run", "TB scanned", "GB stored for a month")


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """Costs of one deployment.

    Args:
        charges: each with the number of resources that have it.
        unpriced: reasons why a resource has no price, each with the resources that it is about.
    """

    charges: Counter[Charge]
    unpriced: Mapping[str, list[str]]

    @property
    def fixed(self) -> dict[tuple[str, str], tuple[int, float]]:
        """Resources and USD a month that are due whether anything happens or not, by service and what it is."""
        found: dict[tuple[str, str], tuple[int, float]] = {}
        for charge, count in sorted(self.charges.items()):
            if charge.per == MONTH and charge.usd:
                resources, usd = found.get((charge.service, charge.what), (0, 0.0))
                found[charge.service, charge.what] = (resources + count, usd + count * charge.usd)
        return found

    @property
    def monthly(self) -> float:
        """All fixed costs, USD a month."""
        return sum(usd for _, usd in self.fixed.values())

    @property
    def usage(self) -> list[Charge]:
        """What each use costs, by what it is counted in; what grows with the data first."""
        charges = [charge for charge in self.charges if charge.per != MONTH]
        first = dict(zip(DATA, range(len(DATA)), strict=True))
        return sorted(charges, key=lambda charge: (first.get(charge.per, len(DATA)), charge.per, charge))


def estimate(templates: Iterable[Template], *, prices: Prices) -> Estimate:
    """Add up the resources of templates."""
    charges: Counter[Charge] = Counter()
    unpriced: dict[str, list[str]] = {}
    for template in templates:
        for name, resource in template["Resources"].items():
            try:
                charges.update(prices.charges(resource["Type"], resource.get("Properties", {})))
            except NotPricedError as error:
                unpriced.setdefault(f"{resource['Type']}: {error}", []).append(name)
    return Estimate(charges=charges, unpriced=unpriced)
