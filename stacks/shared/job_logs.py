"""Log groups of Glue jobs."""

from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs

from lakehouse.names import Fetch, Move
from stacks.settings import Settings
from stacks.stack import LakehouseStack


def job_log_groups(
    stack: LakehouseStack, job: Move | Fetch, *, settings: Settings, key: kms.IKey
) -> list[logs.LogGroup]:
    """Add log groups for output and errors of a job; Glue would create them unencrypted and keep them for ever.

    Args:
        stack: the stack of the job.
        job: the job.
        settings: retention of logs.
        key: the key of logs.

    Returns:
        The log group of the output, then that of errors.
    """
    return [
        logs.LogGroup(
            stack,
            f"{job}-{stream}",
            log_group_name=stack.names.job_log_group(job, stream),
            retention=settings.retention.logs,
            encryption_key=key,
            removal_policy=settings.removal_policy,
        )
        for stream in ("output", "error")
    ]
