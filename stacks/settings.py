"""What differs between environments, and nothing else."""

from dataclasses import dataclass
from typing import Literal

from aws_cdk import RemovalPolicy
from aws_cdk.aws_logs import RetentionDays


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The choices of one environment.

    Args:
        environment: name of the environment, the second part of every name.
        removal_policy: what `cdk destroy` does to data, key and secrets; DESTROY empties the buckets first.
        stage_expires_days: how long stage keeps what sources sent.
        noncurrent_versions_expire_days: how long an overwritten or deleted object can be brought back.
        query_results_expire_days: how long Athena's results are kept.
        access_logs_expire_days: how long the logs of who read which object, and of the network, are kept.
        log_retention: how long CloudWatch keeps what jobs print.
        scan_limit_bytes: Athena cancels a query that scans more.
        glue_version: 6.0 is Spark 4.1 and Python 3.13, 5.1 is Spark 3.5 and Python 3.11.
        worker_type: Glue worker; G.1X is 4 vCPU and 16 GB.
        workers: workers of one job run, the driver included.
        job_timeout_minutes: a run that takes longer is stopped.
        job_retries: how often Glue itself repeats a failed run; who starts the jobs may repeat them too.
        max_concurrent_runs: runs of one job at the same time.
        replication_interval_seconds: longest time that a change in a source database waits for its file in stage.
        replication_units: least and most DMS capacity units (2 GB of memory each) of one source database.
        source_ssl_mode: how DMS connects to source databases.
    """

    environment: str
    removal_policy: RemovalPolicy
    stage_expires_days: int
    noncurrent_versions_expire_days: int
    query_results_expire_days: int
    access_logs_expire_days: int
    log_retention: RetentionDays
    scan_limit_bytes: int
    glue_version: Literal["6.0", "5.1"]
    worker_type: Literal["G.1X", "G.2X", "G.4X", "G.8X"]
    workers: int
    job_timeout_minutes: int
    job_retries: int
    max_concurrent_runs: int
    replication_interval_seconds: int
    replication_units: tuple[int, int]
    source_ssl_mode: Literal["none", "require", "verify-ca", "verify-full"]


ENVIRONMENTS = {
    settings.environment: settings
    for settings in (
        Settings(
            environment="dev",
            removal_policy=RemovalPolicy.DESTROY,
            stage_expires_days=90,
            noncurrent_versions_expire_days=7,
            query_results_expire_days=7,
            access_logs_expire_days=30,
            log_retention=RetentionDays.TWO_WEEKS,
            scan_limit_bytes=100 * 2**30,
            glue_version="6.0",
            worker_type="G.1X",
            workers=2,
            job_timeout_minutes=60,
            job_retries=0,
            max_concurrent_runs=10,
            replication_interval_seconds=5,
            replication_units=(1, 2),
            source_ssl_mode="require",
        ),
    )
}
