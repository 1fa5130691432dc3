"""What differs between environments and profiles, and nothing else: one file, so that they can be compared."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Literal

from aws_cdk import RemovalPolicy
from aws_cdk.aws_logs import RetentionDays

from lakehouse.lineage.endpoint import ENDPOINT


class Profile(StrEnum):
    """How much an environment has standing by."""

    STANDARD = "standard"
    """Airflow, and capacity that is paid by the hour where that is cheaper at work."""
    MINIMAL = "minimal"
    """Nothing that bills by the hour for waiting, as far as AWS offers it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How long things are kept.

    Args:
        stage_days: what sources sent.
        noncurrent_versions_days: how long an overwritten or deleted object can be brought back.
        query_results_days: Athena's results.
        access_logs_days: who read which object, and the network's traffic.
        logs: what jobs print, in CloudWatch.
    """

    stage_days: int
    noncurrent_versions_days: int
    query_results_days: int
    access_logs_days: int
    logs: RetentionDays


@dataclass(frozen=True, slots=True, kw_only=True)
class Jobs:
    """Glue jobs; workers and time-out of a run follow from its dataset's size (`lakehouse.sizes`).

    Args:
        glue_version: 6.0 is Spark 4.1 and Python 3.13, 5.1 is Spark 3.5 and Python 3.11.
        execution_class: FLEX runs on capacity that is spare, for a third less; a run may wait for it, and lose workers.
        retries: how often Glue itself repeats a failed run; who starts the jobs may repeat them too.
        max_concurrent_runs: runs of one job at the same time.
        traces: whether they send a trace of each attempt to X-Ray, whose Transaction Search must be on in the account.
    """

    glue_version: Literal["6.0", "5.1"] = "6.0"
    execution_class: Literal["STANDARD", "FLEX"] = "STANDARD"
    retries: int = 0
    max_concurrent_runs: int = 10
    traces: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Replication:
    """DMS, from source databases to stage.

    Args:
        interval_seconds: longest time that a change in a source database waits for its file in stage.
        units: least and most DMS capacity units (2 GB of memory each) of one source database, if serverless.
        instance_class: None is DMS Serverless; else one instance of this class runs all replications, and bills by the
            hour, e.g. `dms.t3.medium`.
        ssl_mode: how DMS connects to source databases; MySQL's least is `verify-ca`.
        certificate_files: PEM file of who signed a source database's certificate, by the source's name; a path within
            the repository, needed to verify.
        largest_text_kb: a text or binary value that is larger fails its replication; none is ever cut.
        sample_sources: source databases that RDS PostgreSQL instances of this deployment stand for, by their names.
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
    """Kinesis and Kafka events, to stage.

    Args:
        shards: of each Kinesis stream, which then bill by the hour; None is on demand.
        retention_hours: how long a stream keeps an event that could not be delivered.
        buffer_seconds: longest time that an event waits for its file in stage; 60 to 900.
        buffer_mib: a file of a dataset is written at this size at the latest; 64 to 128.
        kafka: `msk-serverless` provisions a cluster for each Kafka source, which bills by the hour; None leaves Kafka
            to who has one, and has him write the events to stage.
    """

    shards: int | None = None
    retention_hours: int = 24
    buffer_seconds: int = 60
    buffer_mib: int = 64
    kafka: Literal["msk-serverless"] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """The private network.

    Args:
        nat_gateways: ways out to the internet, each paid by the hour; 0 keeps everything inside.
    """

    nat_gateways: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Orchestration:
    """What starts the moves.

    Args:
        engine: `mwaa` is Amazon's Airflow, `step-functions` costs nothing between runs.
        every_minutes: how often Step Functions looks for what waits; Airflow's DAGs say that themselves.
        environment_class: size of Airflow's scheduler, web server and workers, e.g. `mw1.small`.
        workers: least and most Airflow workers.
        log_level: from which level on Airflow's logs are kept.
    """

    engine: Literal["mwaa", "step-functions"] = "mwaa"
    every_minutes: int = 15
    environment_class: Literal["mw1.small", "mw1.medium", "mw1.large"] = "mw1.small"
    workers: tuple[int, int] = (1, 4)
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] = "INFO"


@dataclass(frozen=True, slots=True, kw_only=True)
class Governance:
    """Who may see what, and who is known to have seen it.

    Args:
        admins: ARNs of roles that administer Lake Formation beside CloudFormation.
        saml_provider: name of the IAM identity provider that people come from; None: the account's own people, with a
            second factor.
        audit_days: how long CloudTrail's log is kept. An environment that keeps its data can't delete it sooner.
    """

    admins: tuple[str, ...] = ()
    saml_provider: str | None = None
    audit_days: int = 90


@dataclass(frozen=True, slots=True, kw_only=True)
class Alerts:
    """When somebody is told.

    Args:
        emails: who is told; each address has to confirm once.
        slack: whether a Slack channel is told too, by an incoming webhook whose URL is put into a secret.
        monthly_budget_usd: what the environment may cost a month.
        rejected_percent: how many of a batch's records may be rejected.
        replication_lag_minutes: how far DMS may be behind a source database.
        stream_lag_minutes: how far a stream's way to stage may be behind, beside its buffers.
        scanned_gib_a_day: how much all Athena queries of a day may scan.
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
    """The choices of one environment in one profile.

    Args:
        environment: name of the environment, the second part of every name.
        profile: how much it has standing by.
        removal_policy: what `cdk destroy` does to data, key and secrets; DESTROY empties the buckets first.
        scan_limit_bytes: Athena cancels a query that scans more.
        lineage_endpoint: URL that jobs and dbt post OpenLineage events to, beside ops.lineage; None: nowhere.
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
        """Environment of a dbt build that tells the same endpoint."""
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
"""Each environment in the profile that it has unless told otherwise."""


def settings_of(environment: str, *, profile: str | None = None) -> Settings:
    """The choices of an environment.

    Args:
        environment: one of ENVIRONMENTS.
        profile: one of Profile; None is the environment's own.

    Raises:
        ValueError: there is no such environment or profile.
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
