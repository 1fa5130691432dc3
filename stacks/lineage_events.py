"""Lineage events that could not be sent to their endpoint, counted in the logs of who tried."""

from aws_cdk import aws_logs as logs

from lakehouse.lineage.endpoint import UNSENT, UNSENT_LOG
from stacks.stack import LakehouseStack


def count_unsent(stack: LakehouseStack, who: str, *, log_group: logs.ILogGroup) -> None:
    """Count them into one metric of the deployment.

    Args:
        stack: the stack of the log group.
        who: writes that log.
        log_group: the log group.
    """
    logs.MetricFilter(
        stack,
        f"{who}-unsent",
        log_group=log_group,
        filter_pattern=logs.FilterPattern.literal(f'"{UNSENT_LOG}"'),
        metric_namespace=stack.names.metric_namespace,
        metric_name=UNSENT,
    )
