"""Metrics of what is logged and is nowhere else: CloudWatch counts the lines."""

from aws_cdk import aws_logs as logs

from stacks.stack import LakehouseStack


def count_lines(
    stack: LakehouseStack, construct_id: str, *, log_group: logs.ILogGroup, containing: str, metric: str
) -> None:
    """Count lines of a log into a metric of the deployment, without dimensions.

    Args:
        stack: the stack of the log group.
        construct_id: names the filter there.
        log_group: the log group.
        containing: what these lines contain, upper and lower case as it is.
        metric: the metric's name.
    """
    logs.MetricFilter(
        stack,
        construct_id,
        log_group=log_group,
        filter_pattern=logs.FilterPattern.literal(f'"{containing}"'),
        metric_namespace=stack.names.metric_namespace,
        metric_name=metric,
    )
