"""Where a Glue job writes: its output and its errors."""

from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs

from lakehouse.names import Fetch, Move
from stacks.settings import Settings
from stacks.stack import LakehouseStack


def job_log_groups(
    stack: LakehouseStack, job: Move | Fetch, *, settings: Settings, key: kms.IKey
) -> list[logs.LogGroup]:
    """Log groups of a job, that of its output first; AWS would make them unencrypted and keep them for ever.

    Args:
        stack: what they are in.
        job: the job.
        settings: how long logs are kept.
        key: encrypts them.
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
