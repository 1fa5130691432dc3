"""The monthly budget of an environment, by the tags that all its resources have."""

from aws_cdk import aws_budgets as budgets
from aws_cdk import aws_sns as sns

from stacks.iam.services import budget_publishes
from stacks.settings import Settings
from stacks.stack import LakehouseStack

WARNINGS = {"ACTUAL": (80, 100), "FORECASTED": (100,)}
"""At which percent of the budget people are told: what was spent, and what AWS expects by the end of the month."""


def add_budget(stack: LakehouseStack, *, settings: Settings, topic: sns.ITopic) -> None:
    """Tell a topic when the environment costs more than it may.

    AWS sees the tags in a bill once they are activated as cost allocation tags (docs/deploy.md).

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
                    notification_type=kind,
                    comparison_operator="GREATER_THAN",
                    threshold=percent,
                    threshold_type="PERCENTAGE",
                ),
                subscribers=[budgets.CfnBudget.SubscriberProperty(subscription_type="SNS", address=topic.topic_arn)],
            )
            for kind, percents in WARNINGS.items()
            for percent in percents
        ],
    )
