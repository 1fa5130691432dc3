"""AWS::Budgets::Budget."""

from typing import Any

from emulator.runtime import plugin
from emulator.runtime.resource_type import Attributes, Properties, ResourceType, picked


def _budget(properties: Properties) -> dict[str, Any]:
    budget = dict(properties["Budget"])
    limit = budget["BudgetLimit"]
    return budget | {"BudgetLimit": {"Amount": str(limit["Amount"]), "Unit": limit["Unit"]}}


def _create(properties: Properties, name: str) -> tuple[str, Attributes]:
    budget = {"BudgetName": name} | _budget(properties)
    notifications = [
        {**entry, "Notification": {**entry["Notification"], "Threshold": float(entry["Notification"]["Threshold"])}}
        for entry in properties.get("NotificationsWithSubscribers", [])
    ]
    plugin.client("budgets").create_budget(
        AccountId=plugin.account(),
        Budget=budget,
        NotificationsWithSubscribers=notifications,
        **picked(properties, "ResourceTags"),
    )
    return budget["BudgetName"], {}


def _update(name: str, _: Properties, new: Properties) -> Attributes:
    budget = {**_budget(new), "BudgetName": name}
    plugin.client("budgets").update_budget(AccountId=plugin.account(), NewBudget=budget)
    return {}


def _delete(name: str, _: Properties) -> None:
    plugin.client("budgets").delete_budget(AccountId=plugin.account(), BudgetName=name)


TYPES = {
    "AWS::Budgets::Budget": ResourceType(
        properties=frozenset({"Budget", "NotificationsWithSubscribers", "ResourceTags"}),
        create=_create,
        update=_update,
        delete=_delete,
        # CloudFormation replaces a budget for another list of notifications.
        replacing=frozenset({"NotificationsWithSubscribers"}),
    )
}
