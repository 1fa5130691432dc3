"""Metrics that CloudWatch counts from log lines."""

from aws_cdk import aws_logs as logs

from stacks.stack import LakehouseStack


def count_lines(
    stack: LakehouseStack, construct_id: str, *, log_group: logs.ILogGroup, containing: str, metric: str
) -> None:
    """Add a metric of the deployment, without dimensions, that counts lines of a log.

    Args:
        stack: the stack of the log group.
        construct_id: identifies the filter in the stack.
        log_group: the log group.
        containing: text that these lines contain; case matters.
        metric: name of the metric.
    """
    logs.MetricFilter(
        stack,
        construct_id,
        log_group=log_group,
        filter_pattern=logs.FilterPattern.literal(f'"{containing}"'),
        metric_namespace=stack.names.metric_namespace,
        metric_name=metric,
    )
