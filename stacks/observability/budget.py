"""The monthly budget of an environment, by the tags of its resources."""

from aws_cdk import aws_budgets as budgets
from aws_cdk import aws_sns as sns

from stacks.iam.services import budget_publishes
from stacks.settings import Settings
from stacks.stack import LakehouseStack

WARNINGS = {"ACTUAL": (80, 100), "FORECASTED": (100,)}
"""Percents of the budget that notify: of the costs so far, and of the costs that AWS expects for the month."""


def add_budget(stack: LakehouseStack, *, settings: Settings, topic: sns.ITopic) -> None:
    """Add a budget that notifies a topic when the environment costs too much.

    AWS finds the tags in bills only after they are activated as cost allocation tags (docs/deploy.md).

    Source: AWS Cost Management user guide, "Creating a budget".
    """
    topic.add_to_resource_policy(budget_publishes(stack, topic))
    names = stack.names
    tags = {"project": names.project, "environment": names.environment}
    budgets.CfnBudget(
        stack,
        "Budget",
        budget=budgets.CfnBudget.BudgetDataProperty(
            budget_name=names.budget,
            budget_type="COST",
            time_unit="MONTHLY",
            budget_limit=budgets.CfnBudget.SpendProperty(amount=settings.alerts.monthly_budget_usd, unit="USD"),
            metrics=["UnblendedCost"],
            filter_expression=budgets.CfnBudget.ExpressionProperty(
                and_=[
                    budgets.CfnBudget.ExpressionProperty(
                        tags=budgets.CfnBudget.TagValuesProperty(key=name, values=[value], match_options=["EQUALS"])
                    )
                    for name, value in tags.items()
                ]
            ),
        ),
        notifications_with_subscribers=[
            budgets.CfnBudget.NotificationWithSubscribersProperty(
                notification=budgets.CfnBudget.NotificationProperty(
                    notification_type=notification_type,
                    comparison_operator="GREATER_THAN",
                    threshold=percent,
                    threshold_type="PERCENTAGE",
                ),
                subscribers=[budgets.CfnBudget.SubscriberProperty(subscription_type="SNS", address=topic.topic_arn)],
            )
            for notification_type, percents in WARNINGS.items()
            for percent in percents
        ],
    )
