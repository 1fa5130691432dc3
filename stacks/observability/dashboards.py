"""Dashboards: one for the datasets of each domain, and one for the platform."""

from collections.abc import Iterable, Sequence

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch

from lakehouse.contracts.model import Contract
from lakehouse.moves.metrics import Metric
from lakehouse.names import Move
from stacks.observability.alarms import dataset_metric
from stacks.stack import LakehouseStack

WIDTH = 24
"""Number of columns of a dashboard."""

GRAPHS = {
    "Received records": (Metric.RECEIVED, cloudwatch.Stats.SUM),
    "Rejected records, % of a batch": (Metric.REJECTED_PERCENT, cloudwatch.Stats.MAXIMUM),
    "Changed rows in integration": (Metric.CHANGED, cloudwatch.Stats.SUM),
    "Age of the newest data when it reached integration, seconds": (Metric.DATA_AGE, cloudwatch.Stats.MINIMUM),
    "Duration of an attempt, seconds": (Metric.DURATION, cloudwatch.Stats.MAXIMUM),
    "Failed attempts": (Metric.FAILURES, cloudwatch.Stats.SUM),
    "Moves that a gate blocks": (Metric.BLOCKED, cloudwatch.Stats.SUM),
    "Rows that are older than in the source": (Metric.STALE, cloudwatch.Stats.MAXIMUM),
    "Records that caused an unexpected error of a reader": (Metric.UNEXPECTED, cloudwatch.Stats.SUM),
}


def add_domain_dashboard(
    stack: LakehouseStack, domain: str, *, contracts: Sequence[Contract], alarms: Sequence[cloudwatch.IAlarm]
) -> None:
    """Add a dashboard of a domain: a graph for each metric, with a line for each dataset.

    Args:
        stack: the stack of the dashboard.
        domain: the domain.
        contracts: its datasets.
        alarms: the alarms of these datasets.
    """
    graphs = [
        cloudwatch.GraphWidget(
            title=title,
            width=WIDTH // 2,
            left=[
                dataset_metric(
                    stack.names,
                    metric,
                    dataset=contract.dataset,
                    statistic=statistic,
                    move=move,
                    label=f"{contract.dataset} {move}" if move else contract.dataset,
                )
                for contract in contracts
                for move in (Move if metric.is_by_move else (None,))
            ],
        )
        for title, (metric, statistic) in GRAPHS.items()
    ]
    _add(stack, f"{domain}-dashboard", name=stack.names.dashboard(domain), alarms=alarms, graphs=graphs)


def add_platform_dashboard(
    stack: LakehouseStack, *, platform: Iterable[cloudwatch.Alarm], alarms: Sequence[cloudwatch.IAlarm]
) -> None:
    """Add the dashboard of the platform: all alarms, and the metric and threshold of each alarm on the platform.

    Args:
        stack: the stack of the dashboard.
        platform: alarms on the platform.
        alarms: all alarms.
    """
    graphs = [cloudwatch.AlarmWidget(alarm=alarm, width=WIDTH // 2) for alarm in platform]
    _add(stack, "Platform", name=stack.names.dashboard(), alarms=alarms, graphs=graphs)


def _add(
    stack: LakehouseStack,
    construct_id: str,
    *,
    name: str,
    alarms: Sequence[cloudwatch.IAlarm],
    graphs: Sequence[cloudwatch.IWidget],
) -> None:
    state = cloudwatch.AlarmStatusWidget(title="Alarms", alarms=alarms, width=WIDTH)
    pairs = [list(graphs[first : first + 2]) for first in range(0, len(graphs), 2)]
    cloudwatch.Dashboard(
        stack,
        construct_id,
        dashboard_name=name,
        default_interval=Duration.days(1),
        widgets=[[state], *pairs],
    )
