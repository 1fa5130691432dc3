"""Read the table of prices, and compute the charges of a resource of a template."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from importlib import resources
from typing import Any

from lakehouse.errors import LakehouseError

Properties = Mapping[str, Any]
MONTH = "month"


class NotPricedError(LookupError):
    """A resource has no price in the table."""


@dataclass(frozen=True, slots=True, order=True)
class Charge:
    """One price of one resource.

    Attributes:
        service: AWS service, as on the bill.
        what: the part of the service that is charged.
        per: unit of the charge; `month` is a fixed cost.
        usd: list price of one unit.
    """

    service: str
    what: str
    per: str
    usd: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """List prices of one region.

    Attributes:
        as_of: day on which the prices were last checked.
        region: AWS region.
        hours_a_month: hours for which an hourly price is charged per month.
        free: CloudFormation types without a price.
        rates: entries of the table by CloudFormation type.
    """

    as_of: date
    region: str
    hours_a_month: float
    free: frozenset[str]
    rates: Mapping[str, list[dict[str, Any]]]

    def charges(self, type_: str, properties: Properties) -> list[Charge]:
        """Return the charges of a resource; empty if it is free.

        Args:
            type_: CloudFormation type.
            properties: properties of the resource in its template.

        Raises:
            NotPricedError: the table has no price; the message says what is missing.
        """
        if type_ in self.free:
            return []
        if type_ not in self.rates:
            raise NotPricedError("type is not in the table")
        rates = [rate for rate in self.rates[type_] if _applies(rate, properties)]
        if all(rate.get("besides") for rate in rates):
            raise NotPricedError("no price is for these properties")
        return [self._charge(rate, properties) for rate in rates]

    def _charge(self, rate: Mapping[str, Any], properties: Properties) -> Charge:
        usd = float(rate["usd"][self.region]) * (self.hours_a_month if rate.get("hourly") else 1)
        if "times" in rate:
            usd *= _quantity(rate["times"], properties, missing=rate.get("missing", ""))
        for name, factors in rate.get("factor", {}).items():
            value = str(_value(name, properties))
            if value not in factors:
                raise NotPricedError(f"no price for {name} {value}")
            usd *= factors[value]
        return Charge(rate["service"], rate["what"], rate["per"], usd)


def load_prices(region: str) -> Prices:
    """Load the prices of a region.

    Raises:
        LakehouseError: the table has no prices for the region.
    """
    table = tomllib.loads(resources.files(__package__).joinpath("prices.toml").read_text())
    rates: dict[str, list[dict[str, Any]]] = {}
    for rate in table["charge"]:
        if region not in rate["usd"]:
            raise LakehouseError(f"no prices of {region}: the table has {', '.join(rate['usd'])}")
        rates.setdefault(rate["resource"], []).append(rate)
    return Prices(
        as_of=table["as_of"],
        region=region,
        hours_a_month=table["hours_a_month"],
        free=frozenset(table["free"]["resources"]),
        rates=rates,
    )


def _applies(rate: Mapping[str, Any], properties: Properties) -> bool:
    return all(
        _value(name, properties) in (values if isinstance(values, list) else [values])
        for name, values in rate.get("when", {}).items()
    )


def _value(path: str, properties: Properties) -> Any:
    """Return a property by its dotted path, or an empty text if the template does not set it."""
    value: Any = properties
    for name in path.split("."):
        value = value.get(name, "") if isinstance(value, Mapping) else ""
    return value


def _quantity(path: str, properties: Properties, *, missing: float | str) -> float:
    value = _value(path, properties)
    if isinstance(value, list):
        return len(value)
    try:
        return float(missing if value == "" else value)
    except (TypeError, ValueError):
        raise NotPricedError(f"{path} is not a number: {value!r}") from None
