"""Dashboards: one of each domain's datasets, and one of the platform."""

from collections.abc import Iterable, Sequence

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch

from lakehouse.contracts.model import Contract
from lakehouse.moves.metrics import Metric, dimensions
from lakehouse.names import Move
from stacks.stack import LakehouseStack

WIDTH = 24
"""Columns of a dashboard."""

GRAPHS = {
    "Records received": (Metric.RECEIVED, cloudwatch.Stats.SUM),
    "Records rejected, % of a batch": (Metric.REJECTED_PERCENT, cloudwatch.Stats.MAXIMUM),
    "Rows changed in integration": (Metric.CHANGED, cloudwatch.Stats.SUM),
    "Age of the newest data when it reached integration, seconds": (Metric.DATA_AGE, cloudwatch.Stats.MINIMUM),
    "Duration of an attempt, seconds": (Metric.DURATION, cloudwatch.Stats.MAXIMUM),
    "Failed attempts": (Metric.FAILURES, cloudwatch.Stats.SUM),
    "Moves that a gate holds": (Metric.BLOCKED, cloudwatch.Stats.SUM),
}


def add_domain_dashboard(
    stack: LakehouseStack, domain: str, *, contracts: Sequence[Contract], alarms: Sequence[cloudwatch.IAlarm]
) -> None:
    """A graph for each metric, with a line for each dataset of a domain.

    Args:
        stack: the stack that it is in.
        domain: the domain.
        contracts: its datasets.
        alarms: theirs.
    """
    graphs = [
        cloudwatch.GraphWidget(
            title=title,
            width=WIDTH // 2,
            left=[
                _line(stack, metric, statistic, contract=contract, move=move)
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
    """The state of all alarms, and the metric of each alarm on the platform with its threshold.

    Args:
        stack: the stack that it is in.
        platform: alarms on the platform.
        alarms: all alarms.
    """
    graphs = [cloudwatch.AlarmWidget(alarm=alarm, width=WIDTH // 2) for alarm in platform]
    _add(stack, "Platform", name=stack.names.dashboard(), alarms=alarms, graphs=graphs)


def _line(
    stack: LakehouseStack, metric: Metric, statistic: str, *, contract: Contract, move: Move | None
) -> cloudwatch.Metric:
    return cloudwatch.Metric(
        namespace=stack.names.metric_namespace,
        metric_name=metric,
        dimensions_map=dimensions(metric, dataset=contract.dataset, move=move),
        statistic=statistic,
        label=f"{contract.dataset} {move}" if move else contract.dataset,
    )


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
