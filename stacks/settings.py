"""Settings: all that differs between environments and profiles.

One file, so that the environments can be compared line by line, each next to the meaning of its settings.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Literal

from aws_cdk import RemovalPolicy
from aws_cdk.aws_logs import RetentionDays

from lakehouse.lineage.endpoint import ENDPOINT


class Profile(StrEnum):
    """How much capacity of an environment runs all the time."""

    STANDARD = "standard"
    """Airflow, and capacity that bills by the hour where that is cheaper under load."""
    MINIMAL = "minimal"
    """Nothing that bills by the hour while it is idle, as far as AWS offers that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How long data and logs are kept.

    Attributes:
        stage_days: files of sources in stage.
        noncurrent_versions_days: overwritten and deleted objects; so long they can be restored.
        query_results_days: query results of Athena.
        access_logs_days: access logs of buckets, and flow logs of the network.
        logs: logs in CloudWatch.
    """

    stage_days: int
    noncurrent_versions_days: int
    query_results_days: int
    access_logs_days: int
    logs: RetentionDays


@dataclass(frozen=True, slots=True, kw_only=True)
class Jobs:
    """Glue jobs; workers and time-out of a run follow from the size of its dataset (`lakehouse.sizes`).

    Attributes:
        glue_version: 6.0 is Spark 4.1 and Python 3.13, 5.1 is Spark 3.5 and Python 3.11.
        execution_class: FLEX uses spare capacity and costs a third less; a run may wait for workers, and lose some.
        retries: how often Glue itself repeats a failed run; the orchestration may repeat it too.
        max_concurrent_runs: how many runs of one job may overlap.
        traces: whether each attempt sends a trace to X-Ray; Transaction Search must be on in the account.
    """

    glue_version: Literal["6.0", "5.1"] = "6.0"
    execution_class: Literal["STANDARD", "FLEX"] = "STANDARD"
    retries: int = 0
    max_concurrent_runs: int = 10
    traces: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Replication:
    """Replication of source databases to stage, by DMS.

    Attributes:
        interval_seconds: longest time that a change in a source database waits for its file in stage.
        units: minimum and maximum of DMS capacity units (2 GB of memory each) for one source database, if serverless.
        instance_class: class of the one instance that runs all replications and bills by the hour, e.g.
            `dms.t3.medium`; None is DMS Serverless.
        ssl_mode: how DMS connects to source databases; the minimum for MySQL is `verify-ca`.
        certificate_files: PEM file of the authority that signed the certificate of a source database, by the name of
            the source; a path within the repository. The modes that verify need it.
        largest_text_kb: a larger text or binary value fails its replication; no value is truncated.
        sample_sources: names of the source databases that RDS PostgreSQL instances of this deployment replace.
    """

    interval_seconds: int = 60
    units: tuple[int, int] = (1, 2)
    instance_class: str | None = None
    ssl_mode: Literal["require", "verify-ca", "verify-full"] = "require"
    certificate_files: Mapping[str, str] = field(default_factory=dict)
    largest_text_kb: int = 1024
    sample_sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Streaming:
    """Delivery of Kinesis and Kafka events to stage.

    Attributes:
        shards: number of shards of each Kinesis stream, which bill by the hour; None is on demand.
        retention_hours: how long a stream keeps an event that could not be delivered.
        buffer_seconds: longest time that an event waits for its file in stage; 60 to 900.
        buffer_mib: a file of a dataset is written at this size at the latest; 64 to 128.
        kafka: `msk-serverless` creates a cluster for each Kafka source, which bills by the hour. None: no cluster is
            created; the owner of an existing cluster delivers events to stage.
    """

    shards: int | None = None
    retention_hours: int = 24
    buffer_seconds: int = 60
    buffer_mib: int = 64
    kafka: Literal["msk-serverless"] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """The private network.

    Attributes:
        nat_gateways: number of NAT gateways to the internet, which bill by the hour; 0 is no access to the internet.
        zones: the two availability zones, e.g. `("us-east-1a", "us-east-1b")`; None takes the region's first two. Some
            zones of large regions lack Amazon MWAA or an endpoint.
    """

    nat_gateways: int = 0
    zones: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Orchestration:
    """The engine that starts the moves.

    Attributes:
        engine: `mwaa` is Amazon's Airflow, `step-functions` costs nothing between runs.
        every_minutes: how often Step Functions looks for waiting data; the DAGs of Airflow have their own schedule.
        environment_class: size of Airflow's scheduler, web server and workers, e.g. `mw1.small`.
        workers: minimum and maximum of Airflow workers.
        log_level: lowest level of the Airflow logs that are kept.
    """

    engine: Literal["mwaa", "step-functions"] = "mwaa"
    every_minutes: int = 15
    environment_class: Literal["mw1.small", "mw1.medium", "mw1.large"] = "mw1.small"
    workers: tuple[int, int] = (1, 4)
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] = "INFO"


@dataclass(frozen=True, slots=True, kw_only=True)
class Governance:
    """Access to data, and the log of it.

    Attributes:
        admins: ARNs of roles that administer Lake Formation in addition to CloudFormation.
        saml_provider: name of the IAM identity provider of the people; None is the account's own people, with a second
            factor.
        audit_days: how long the CloudTrail log is kept. An environment that retains its data cannot delete it sooner.
    """

    admins: tuple[str, ...] = ()
    saml_provider: str | None = None
    audit_days: int = 90


@dataclass(frozen=True, slots=True, kw_only=True)
class Alerts:
    """Notifications, and the limits that cause them.

    Attributes:
        emails: addresses that are notified; each has to confirm once.
        slack: whether a Slack channel is notified too, by an incoming webhook whose URL is in a secret.
        monthly_budget_usd: allowed costs of the environment in a month.
        rejected_percent: allowed percentage of rejected records in a batch.
        replication_lag_minutes: allowed delay of DMS behind a source database.
        stream_lag_minutes: allowed delay of the delivery of a stream to stage, in addition to its buffers.
        scanned_gib_a_day: how much the queries in the workgroup of the analysts may scan in a day.
    """

    emails: tuple[str, ...] = ()
    slack: bool = False
    monthly_budget_usd: int
    rejected_percent: float = 1.0
    replication_lag_minutes: int = 15
    stream_lag_minutes: int = 15
    scanned_gib_a_day: int = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of one environment in one profile.

    Attributes:
        environment: name of the environment, the second part of every name.
        profile: how much capacity runs all the time.
        removal_policy: what `cdk destroy` does with data, key and secrets; DESTROY empties the buckets first.
        scan_limit_bytes: Athena cancels a query that scans more.
        retention: how long data and logs are kept.
        alerts: notifications and their limits.
        jobs: the Glue jobs.
        replication: the replication of source databases.
        streaming: the delivery of streams.
        network: the private network.
        orchestration: the engine that starts the moves.
        governance: access to data.
        lineage_endpoint: URL to which jobs and dbt post OpenLineage events, in addition to ops.lineage; None is no URL.
    """

    environment: str
    profile: Profile
    removal_policy: RemovalPolicy
    scan_limit_bytes: int
    retention: Retention
    alerts: Alerts
    jobs: Jobs = Jobs()
    replication: Replication = Replication()
    streaming: Streaming = Streaming()
    network: Network = Network()
    orchestration: Orchestration = Orchestration()
    governance: Governance = Governance()
    lineage_endpoint: str | None = None

    @property
    def lineage_variables(self) -> dict[str, str]:
        """Environment variables of a dbt build that posts to the same endpoint."""
        return {ENDPOINT: self.lineage_endpoint} if self.lineage_endpoint else {}


ENVIRONMENTS = {
    settings.environment: settings
    for settings in (
        Settings(
            environment="dev",
            profile=Profile.MINIMAL,
            removal_policy=RemovalPolicy.DESTROY,
            scan_limit_bytes=100 * 2**30,
            retention=Retention(
                stage_days=90,
                noncurrent_versions_days=7,
                query_results_days=7,
                access_logs_days=30,
                logs=RetentionDays.TWO_WEEKS,
            ),
            replication=Replication(interval_seconds=5),
            orchestration=Orchestration(every_minutes=60),
            alerts=Alerts(monthly_budget_usd=100),
        ),
        Settings(
            environment="staging",
            profile=Profile.STANDARD,
            removal_policy=RemovalPolicy.DESTROY,
            scan_limit_bytes=500 * 2**30,
            retention=Retention(
                stage_days=90,
                noncurrent_versions_days=14,
                query_results_days=14,
                access_logs_days=90,
                logs=RetentionDays.ONE_MONTH,
            ),
            jobs=Jobs(traces=True),
            alerts=Alerts(monthly_budget_usd=1000),
        ),
        Settings(
            environment="prod",
            profile=Profile.STANDARD,
            removal_policy=RemovalPolicy.RETAIN,
            scan_limit_bytes=2 * 2**40,
            retention=Retention(
                stage_days=365,
                noncurrent_versions_days=30,
                query_results_days=30,
                access_logs_days=400,
                logs=RetentionDays.ONE_YEAR,
            ),
            jobs=Jobs(retries=1, max_concurrent_runs=50, traces=True),
            replication=Replication(units=(1, 8)),
            orchestration=Orchestration(environment_class="mw1.medium", workers=(2, 10)),
            streaming=Streaming(retention_hours=7 * 24, buffer_seconds=300),
            governance=Governance(audit_days=400),
            alerts=Alerts(monthly_budget_usd=5000, scanned_gib_a_day=10 * 1024),
        ),
    )
}
"""Each environment in its default profile."""


def settings_of(environment: str, *, profile: str | None = None) -> Settings:
    """Return the settings of an environment.

    Args:
        environment: one of ENVIRONMENTS.
        profile: one of Profile; None is the default of the environment.

    Raises:
        ValueError: There is no such environment or profile.
    """
    if environment not in ENVIRONMENTS:
        raise ValueError(f"no environment '{environment}': expected one of {', '.join(ENVIRONMENTS)}")
    settings = ENVIRONMENTS[environment]
    if profile not in (None, *Profile):
        raise ValueError(f"no profile '{profile}': expected one of {', '.join(Profile)}")
    chosen = Profile(profile) if profile else settings.profile
    if chosen is Profile.STANDARD:
        return replace(settings, profile=chosen)
    return replace(
        settings,
        profile=chosen,
        replication=replace(settings.replication, instance_class=None, sample_sources=()),
        streaming=replace(settings.streaming, shards=None, kafka=None),
        jobs=replace(settings.jobs, execution_class="FLEX"),
        network=replace(settings.network, nat_gateways=0),
        orchestration=replace(settings.orchestration, engine="step-functions"),
    )
