"""Names of all AWS resources: buckets, databases, jobs, roles, workgroups, secrets and log groups.

One file, so that every name is found here and no other module composes one.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

DEFAULT_DATABASE = "default"
"""Glue database that Athena and Spark open if nobody names another; it belongs to the account."""

CANDIDATE = "__candidate_"
"""Part of the names of candidates in Glue, between the name of their table and a number; no dataset has it."""

MODEL_CANDIDATE = re.compile(r"(?P<model>.+)__[0-9a-f]{8}(_r)?")
"""Name of a table that a build made for a model; models/macros/materializations.sql refuses models with such a name."""

RELEASE_ID = re.compile("r[0-9a-f]{12}")
"""Id of a release: neither the id of a snapshot nor a time, and the name of no tag."""

CANDIDATE_DAYS = 3
"""For how many days a candidate that was not published is kept; `models/publication/candidates.py` has it too."""


class Zone(StrEnum):
    """One of the areas that data passes on its way from source to analyst."""

    STAGE = "stage"
    RAW = "raw"
    INTEGRATION = "integration"
    CURATED = "curated"


class Move(StrEnum):
    """A job that moves data from one zone to the next; one Glue job and one script each."""

    STAGE_TO_RAW = "stage_to_raw"
    RAW_TO_INTEGRATION = "raw_to_integration"


class Fetch(StrEnum):
    """A job that brings data to stage if no AWS service does; one Glue job and one script each."""

    API_TO_STAGE = "api_to_stage"


class OpsTable(StrEnum):
    """A table of the ops database."""

    BATCHES = "batches"
    QUALITY_RESULTS = "quality_results"
    LINEAGE = "lineage"
    ERASURES = "erasures"
    RELEASES = "releases"


class Urgency(StrEnum):
    """How soon an alarm needs action; each urgency has its own SNS topic."""

    CRITICAL = "critical"
    """At once, also at night: data is lost, late or not readable."""
    WARNING = "warning"
    """On the next working day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """Names of the resources of one deployment.

    Attributes:
        environment: `dev`, `staging` or `prod`.
        account: AWS account id; may be a CloudFormation token.
        region: AWS region; may be a CloudFormation token.
        project: short lower-case name of the lakehouse; the first part of every name.
    """

    environment: str
    account: str
    region: str
    project: str = "lakehouse"

    @property
    def prefix(self) -> str:
        """First part of the names that are unique within an account and region."""
        return f"{self.project}-{self.environment}"

    def stack(self, part: str) -> str:
        """Return the name of a CloudFormation stack, e.g. `lakehouse-dev-storage`."""
        return f"{self.prefix}-{part}"

    def _bucket(self, purpose: str) -> str:
        # Bucket names are unique across all AWS accounts, so they contain account and region.
        return f"{self.prefix}-{purpose}-{self.account}-{self.region}"

    def bucket(self, zone: Zone) -> str:
        """Return the bucket of a zone."""
        return self._bucket(zone)

    @property
    def scripts_bucket(self) -> str:
        """Bucket of the published contracts."""
        return self._bucket("scripts")

    @property
    def dags_bucket(self) -> str:
        """Bucket that Airflow reads: DAGs, models, contracts and library, requirements and startup script."""
        return self._bucket("dags")

    @property
    def results_bucket(self) -> str:
        """Bucket of Athena query results."""
        return self._bucket("query-results")

    @property
    def logs_bucket(self) -> str:
        """Bucket of the S3 server access logs of all other buckets."""
        return self._bucket("access-logs")

    def database(self, zone: Zone) -> str:
        """Return the Glue database of a zone.

        Raises:
            ValueError: the zone is `stage`, which holds files and has no database.
        """
        if zone is Zone.STAGE:
            raise ValueError("the stage zone holds files as they were sent and has no Glue database")
        return f"{self.project}_{self.environment}_{zone}"

    @property
    def audit_bucket(self) -> str:
        """Bucket of the CloudTrail log; its objects cannot be changed."""
        return self._bucket("audit")

    @property
    def ops_database(self) -> str:
        """Glue database of batches, quality results and lineage."""
        return f"{self.project}_{self.environment}_ops"

    @property
    def audit_database(self) -> str:
        """Glue database of the CloudTrail log."""
        return f"{self.project}_{self.environment}_audit"

    @property
    def trail(self) -> str:
        """CloudTrail trail that records access to the zones."""
        return self.prefix

    def ruleset(self, zone: Zone, *, dataset: str) -> str:
        """Return the Glue Data Quality ruleset of a dataset's table in a zone."""
        return f"{self.prefix}-{zone}-{dataset.replace('_', '-')}"

    def job(self, move: Move | Fetch) -> str:
        """Return the Glue job of a move or fetch."""
        return f"{self.prefix}-{move.replace('_', '-')}"

    def script_key(self, move: Move | Fetch) -> str:
        """Return the path of a job's script in this repository; its S3 key ends with the same file name."""
        return f"glue_jobs/{move}.py"

    def role(self, purpose: str) -> str:
        """Return the IAM role for a purpose."""
        return f"{self.prefix}-{purpose}-{self.region}"

    def job_role(self, move: Move | Fetch) -> str:
        """Return the IAM role of a job."""
        return self.role(move.replace("_", "-"))

    @property
    def dbt_role(self) -> str:
        """Role with which dbt builds the curated zone."""
        return self.role("dbt")

    @property
    def optimizer_role(self) -> str:
        """Role with which Glue compacts tables, expires their snapshots and deletes their orphan files."""
        return self.role("optimizer")

    @property
    def deploy_role(self) -> str:
        """Role that a pipeline assumes to deploy."""
        return self.role("deploy")

    @property
    def deploy_roles_stack(self) -> str:
        """CloudFormation stack of the roles that pipelines assume, for all environments of an account."""
        return f"{self.project}-deploy-roles"

    @property
    def tables_role(self) -> str:
        """Role with which `lakehouse tables apply` creates, changes and classifies tables."""
        return self.role("tables")

    @property
    def operator_role(self) -> str:
        """Role of people under which the lakehouse is operated: `lakehouse run`, `rerun`, `backfill`, `ingest` ..."""
        return self.role("operator")

    @property
    def erasure_role(self) -> str:
        """Role with which `lakehouse erase` works; the only role that deletes object versions."""
        return self.role("erasure")

    @property
    def locations_role(self) -> str:
        """Role with which Lake Formation reads and writes the zones for the principals that it permits."""
        return self.role("lake-formation")

    @property
    def planner(self) -> str:
        """Lambda function that plans batches for the state machine of the moves."""
        return f"{self.prefix}-planner"

    @property
    def source_watch(self) -> str:
        """Lambda function that watches the replications of source databases, and the schedule that starts it."""
        return f"{self.prefix}-source-watch"

    @property
    def moves(self) -> str:
        """Step Functions state machine that runs all moves, and the schedule that starts it."""
        return f"{self.prefix}-moves"

    @property
    def dbt_project(self) -> str:
        """CodeBuild project that runs dbt in deployments without Airflow."""
        return f"{self.prefix}-dbt"

    @property
    def airflow_role(self) -> str:
        """Role of Airflow's components and tasks."""
        return self.role("airflow")

    def airflow_log_group(self, component: str) -> str:
        """Return the log group of an MWAA component: `DAGProcessing`, `Scheduler`, `Task`, `WebServer` or `Worker`."""
        return f"airflow-{self.airflow}-{component}"

    @property
    def packages_domain(self) -> str:
        """CodeArtifact domain with the Python packages for components without internet access."""
        return self.prefix

    @property
    def packages_repository(self) -> str:
        """CodeArtifact repository that fetches missing packages from PyPI."""
        return "pypi"

    @property
    def job_security_configuration(self) -> str:
        """Glue security configuration of the jobs."""
        return f"{self.prefix}-jobs"

    @property
    def log_prefix(self) -> str:
        """First part of the names of the CloudWatch log groups, except those that AWS names."""
        return f"/{self.project}/{self.environment}"

    @property
    def job_log_prefix(self) -> str:
        """Value of Glue's argument `--custom-logGroup-prefix`, from which it composes `job_log_group`."""
        return f"{self.log_prefix}/jobs"

    def job_log_group(self, move: Move | Fetch, stream: str) -> str:
        """Return the log group of a job's `output` (what the job prints) or `error` (Spark's own log).

        Glue composes the name from prefix, security configuration and role (AWS Glue developer guide,
        "Logging for AWS Glue jobs").
        """
        return f"{self.job_log_prefix}/{self.job_security_configuration}-role/{self.job_role(move)}/{stream}"

    @property
    def workgroup(self) -> str:
        """Athena workgroup of analysts, and the default."""
        return self.workgroup_of("analyst")

    @property
    def dbt_workgroup(self) -> str:
        """Athena workgroup of dbt."""
        return f"{self.prefix}-dbt"

    def workgroup_of(self, role: str) -> str:
        """Return the Athena workgroup of a role of people, such as `analyst`: only that role reads its results."""
        return f"{self.prefix}-{role}s"

    @property
    def key_alias(self) -> str:
        """Alias of the KMS key."""
        return f"alias/{self.prefix}"

    def source_secret(self, *, source: str) -> str:
        """Return the Secrets Manager secret with host, port, username and password of a source system."""
        return f"{self.project}/{self.environment}/sources/{source}"

    def replication(self, *, source: str) -> str:
        """Return the DMS replication of a source database: its serverless config, or its task on the instance."""
        return f"{self.prefix}-{source}"

    def replication_endpoint(self, *, source: str, side: str) -> str:
        """Return the DMS endpoint on the `source` or the `target` side of a replication."""
        return f"{self.replication(source=source)}-{side}"

    @property
    def replication_subnets(self) -> str:
        """DMS replication subnet group."""
        return f"{self.prefix}-replication"

    @property
    def replication_instance(self) -> str:
        """DMS replication instance, if replications are not serverless."""
        return f"{self.prefix}-replication"

    def sample_database(self, *, source: str) -> str:
        """Return the RDS instance (also its parameter group and subnet group) that stands in for a source database."""
        return f"{self.prefix}-sample-{source}"

    def stream(self, *, source: str) -> str:
        """Return the Kinesis stream to which a source puts its events."""
        return f"{self.prefix}-{source}"

    def kafka_cluster(self, *, source: str) -> str:
        """Return the MSK cluster to which a source sends its events."""
        return f"{self.prefix}-{source}"

    def topic(self, *, dataset: str) -> str:
        """Return the Kafka topic of a dataset's events; each dataset has its own."""
        return dataset

    def delivery(self, *, source: str) -> str:
        """Return the Firehose stream from a source's Kinesis stream to stage."""
        return f"{self.prefix}-{source}"

    def topic_delivery(self, *, dataset: str) -> str:
        """Return the Firehose stream from a dataset's Kafka topic to stage."""
        return f"{self.prefix}-topic-{dataset.replace('_', '-')}"

    def delivery_log_group(self, *, delivery: str) -> str:
        """Return the log group of a Firehose stream's delivery errors."""
        return f"{self.log_prefix}/deliveries/{delivery}"

    @property
    def arrivals(self) -> str:
        """EventBridge rule for objects that arrive in stage, and the SQS queue that it fills."""
        return f"{self.prefix}-arrivals"

    @property
    def arrivals_dead_letters(self) -> str:
        """SQS queue of arrivals that could not be processed."""
        return f"{self.arrivals}-dead-letters"

    @property
    def airflow(self) -> str:
        """Amazon MWAA environment."""
        return f"{self.prefix}-airflow"

    @property
    def metric_namespace(self) -> str:
        """CloudWatch namespace of the lakehouse's metrics."""
        return f"{self.project}/{self.environment}"

    @property
    def traces_endpoint(self) -> str:
        """URL to which OpenTelemetry spans are sent: X-Ray's endpoint."""
        return f"https://xray.{self.region}.amazonaws.com/v1/traces"

    def alerts_topic(self, urgency: Urgency) -> str:
        """Return the SNS topic of notifications of an urgency."""
        return f"{self.prefix}-alerts-{urgency}"

    @property
    def slack(self) -> str:
        """Lambda function that posts notifications to a Slack channel."""
        return f"{self.prefix}-slack"

    @property
    def slack_secret(self) -> str:
        """Secret with the URL of the Slack channel's incoming webhook."""
        return f"{self.prefix}-slack-webhook"

    def alarm(self, subject: str, *, of: str) -> str:
        """Return the CloudWatch alarm on a subject `of` a resource, e.g. `lakehouse-dev-orders-rejected`."""
        return f"{self.prefix}-{of}-{subject}"

    def failure_rule(self, of: str) -> str:
        """Return the EventBridge rule that notifies of failures of the `jobs` or the `replications`."""
        return f"{self.prefix}-failed-{of}"

    def domain_part(self, domain: str, *, part: int = 0) -> str:
        """Return the last part of the names of a domain's stack and dashboard; a large domain has several."""
        return f"domain-{domain}" + (f"-part-{part + 1}" if part else "")

    def dashboard(self, domain: str | None = None, *, part: int = 0) -> str:
        """Return the CloudWatch dashboard of a domain's datasets, or of the platform."""
        return f"{self.prefix}-{self.domain_part(domain, part=part)}" if domain else f"{self.prefix}-platform"

    @property
    def budget(self) -> str:
        """AWS budget of a month."""
        return f"{self.prefix}-monthly"

    def function_log_group(self, function: str) -> str:
        """Return the log group of a Lambda function."""
        return f"{self.log_prefix}/functions/{function}"

    @property
    def moves_log_group(self) -> str:
        """Log group of the state machine of the moves."""
        return f"{self.log_prefix}/moves"

    @property
    def dbt_log_group(self) -> str:
        """Log group of dbt's builds."""
        return f"{self.log_prefix}/dbt"

    @property
    def contracts_uri(self) -> str:
        """URI of the published contracts, which `lakehouse tables apply` writes and the jobs read."""
        return f"s3://{self.scripts_bucket}/contracts/"

    @property
    def contract_index_key(self) -> str:
        """Key in the scripts bucket of the index of the published contracts."""
        return "contracts/index.json"

    def results_uri(self, workgroup: str) -> str:
        """Return the URI of a workgroup's query results."""
        return f"s3://{self.results_bucket}/{workgroup}/"

    @property
    def trail_uri(self) -> str:
        """URI of the CloudTrail log files of this region, in folders by year, month and day."""
        return f"s3://{self.audit_bucket}/AWSLogs/{self.account}/CloudTrail/{self.region}/"

    def database_location(self, zone: Zone) -> str:
        """Return the URI of a zone's database."""
        return f"s3://{self.bucket(zone)}/"

    def table_location(self, zone: Zone, *, domain: str, table: str) -> str:
        """Return the URI of a dataset's table in a zone."""
        return f"s3://{self.bucket(zone)}/{domain}/{table}"

    def ops_location(self, table: str) -> str:
        """Return the URI of a table of the ops database."""
        return f"s3://{self.bucket(Zone.INTEGRATION)}/ops/{table}"

    @property
    def undelivered_prefix(self) -> str:
        """Prefix in the stage bucket of records that Firehose cannot deliver; no dataset's prefix begins with `_`."""
        return "_undelivered/"

    def backfills_prefix(self, *, dataset: str) -> str:
        """Return the prefix in the raw bucket of the backfills of a dataset: the batches that are moved again."""
        return f"_backfills/{dataset}/"

    def erased_prefix(self, *, dataset: str) -> str:
        """Return the prefix in the stage bucket of objects that were written again without a person's records."""
        return f"_erased/{dataset}/"

    def erasure_key(self, *, erasure_id: str) -> str:
        """Return the key in the raw bucket of the proof of an erasure."""
        return f"{self.erasures_prefix}{erasure_id}.json"

    @property
    def erasures_prefix(self) -> str:
        """Prefix in the raw bucket of the proofs and journals of all erasures."""
        return "_erasures/"

    @property
    def begun_erasures_prefix(self) -> str:
        """Prefix in the raw bucket of the journals of erasures that are not complete."""
        return f"{self.erasures_prefix}begun/"

    def pull_key(self, *, dataset: str) -> str:
        """Return the key in the raw bucket of the time at which a dataset was last pulled from its API."""
        return f"{self.pulls_prefix}{dataset}.json"

    @property
    def pulls_prefix(self) -> str:
        """Prefix in the raw bucket of the pull times of all datasets."""
        return "_pulls/"

    def batches_prefix(self, *, dataset: str) -> str:
        """Return the prefix in the raw bucket of a dataset's manifests."""
        return f"{self.manifests_prefix}{dataset}/"

    @property
    def manifests_prefix(self) -> str:
        """Prefix in the raw bucket of the manifests of all datasets."""
        return "_batches/"
