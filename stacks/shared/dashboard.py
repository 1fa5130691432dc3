"""A CloudWatch dashboard: the state of alarms, then graphs, two in a row.

Source: CloudWatch user guide, "Dashboard Body Structure and Syntax".
"""

from collections.abc import Sequence
from typing import Any

from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from stacks.shared.alarms import Alarm, alarm_arn
from stacks.stack import LakehouseStack

WIDTH, HEIGHT = 24, 6
"""Number of columns of a dashboard, and of rows of a widget."""

ALARMS_A_WIDGET = 50
"""Half of CloudWatch's limit."""


def add_dashboard(
    stack: LakehouseStack, construct_id: str, *, name: str, alarms: Sequence[Alarm], graphs: Sequence[dict[str, Any]]
) -> None:
    """Add a dashboard to a stack.

    Args:
        stack: the stack of the dashboard.
        construct_id: identifies the dashboard in the stack.
        name: its name in the account.
        alarms: the alarms whose state it shows; further widgets show those that one widget has no place for.
        graphs: properties of the graphs, each half as wide as the dashboard.
    """
    arns = [alarm_arn(stack, alarm) for alarm in alarms]
    widgets = [
        _widget(
            "alarm",
            {"title": "Alarms", "alarms": arns[first : first + ALARMS_A_WIDGET]},
            x=0,
            y=HEIGHT // 2 * number,
            width=WIDTH,
            height=HEIGHT // 2,
        )
        for number, first in enumerate(range(0, len(arns), ALARMS_A_WIDGET))
    ]
    top = HEIGHT // 2 * len(widgets)
    widgets += [
        _widget(
            "metric",
            {"view": "timeSeries", "region": stack.names.region, **graph},
            x=WIDTH // 2 * (number % 2),
            y=top + HEIGHT * (number // 2),
            width=WIDTH // 2,
            height=HEIGHT,
        )
        for number, graph in enumerate(graphs)
    ]
    cloudwatch.CfnDashboard(
        Construct(stack, construct_id),
        "Resource",
        dashboard_name=name,
        dashboard_body=stack.to_json_string({"start": "-P1D", "widgets": widgets}),
    )


def alarm_graph(stack: LakehouseStack, alarm: Alarm) -> dict[str, Any]:
    """Return the graph of an alarm: its metric and its threshold."""
    return {"title": "", "annotations": {"alarms": [alarm_arn(stack, alarm)]}}


def _widget(kind: str, properties: dict[str, Any], **place: int) -> dict[str, Any]:
    return {"type": kind, **place, "properties": properties}
