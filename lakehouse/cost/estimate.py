"""Add up the prices of the resources in the templates of a deployment."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from lakehouse.cost.assembly import Template
from lakehouse.cost.prices import MONTH, Charge, NotPricedError, Prices

DATA = ("GB ingested", "run", "TB scanned", "GB stored for a month")
"""Units of use that grow with the data; they are listed first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """The cost of one deployment.

    Attributes:
        charges: number of resources by charge.
        unpriced: ids of resources without a price, by reason.
    """

    charges: Counter[Charge]
    unpriced: Mapping[str, list[str]]

    @property
    def fixed(self) -> dict[tuple[str, str], tuple[int, float]]:
        """Number of resources and USD a month that are charged without any use, by service and kind of charge."""
        totals: dict[tuple[str, str], tuple[int, float]] = {}
        for charge, count in sorted(self.charges.items()):
            if charge.per == MONTH and charge.usd:
                resources, usd = totals.get((charge.service, charge.what), (0, 0.0))
                totals[charge.service, charge.what] = (resources + count, usd + count * charge.usd)
        return totals

    @property
    def monthly(self) -> float:
        """All fixed costs, USD a month."""
        return sum(usd for _, usd in self.fixed.values())

    @property
    def usage(self) -> list[Charge]:
        """Charges by use, ordered by their unit; units that grow with the data come first."""
        charges = [charge for charge in self.charges if charge.per != MONTH]
        first = dict(zip(DATA, range(len(DATA)), strict=True))
        return sorted(charges, key=lambda charge: (first.get(charge.per, len(DATA)), charge.per, charge))


def estimate(templates: Iterable[Template], *, prices: Prices) -> Estimate:
    """Estimate the cost of the resources of some templates."""
    charges: Counter[Charge] = Counter()
    unpriced: dict[str, list[str]] = {}
    for template in templates:
        for name, resource in template["Resources"].items():
            try:
                charges.update(prices.charges(resource["Type"], resource.get("Properties", {})))
            except NotPricedError as error:
                unpriced.setdefault(f"{resource['Type']}: {error}", []).append(name)
    return Estimate(charges=charges, unpriced=unpriced)
