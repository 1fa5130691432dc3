"""The one source of every AWS name: buckets, databases, jobs, roles, workgroups, secrets, log groups.

One file, however long: whoever looks for a name looks here.
"""

from dataclasses import dataclass
from enum import StrEnum

DEFAULT_DATABASE = "default"
"""Glue database that Athena and Spark open if nobody names another; it belongs to the account."""


class Zone(StrEnum):
    """Where data stands on its way from source to analyst."""

    STAGE = "stage"
    RAW = "raw"
    INTEGRATION = "integration"
    CURATED = "curated"


class Move(StrEnum):
    """A job that moves data from one zone to the next; one Glue job and one script each."""

    STAGE_TO_RAW = "stage_to_raw"
    RAW_TO_INTEGRATION = "raw_to_integration"


class Fetch(StrEnum):
    """A job that brings data to stage where no service of AWS does; one Glue job and one script each."""

    API_TO_STAGE = "api_to_stage"


class OpsTable(StrEnum):
    """A table of the ops database: what happened to batches, rules, lineage and persons who were erased."""

    BATCHES = "batches"
    QUALITY_RESULTS = "quality_results"
    LINEAGE = "lineage"
    ERASURES = "erasures"


class Urgency(StrEnum):
    """How soon somebody has to see to an alarm; each has a topic of its own."""

    CRITICAL = "critical"
    """Now, also at night: data is lost, late or not readable."""
    WARNING = "warning"
    """On the next working day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """Names of everything that one deployment owns.

    Args:
        project: short lower-case name of the lakehouse; the first part of every name.
        environment: `dev`, `staging` or `prod`.
        account: AWS account id; may be a CloudFormation token.
        region: AWS region; may be a CloudFormation token.
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
        """CloudFormation stack, e.g. `lakehouse-dev-storage`."""
        return f"{self.prefix}-{part}"

    def _bucket(self, purpose: str) -> str:
        # Bucket names are global to all of AWS: account and region keep them ours.
        return f"{self.prefix}-{purpose}-{self.account}-{self.region}"

    def bucket(self, zone: Zone) -> str:
        return self._bucket(zone)

    @property
    def scripts_bucket(self) -> str:
        """Contracts that are in force."""
        return self._bucket("scripts")

    @property
    def dags_bucket(self) -> str:
        """What Airflow reads: DAGs, models, contracts and library, requirements and startup script."""
        return self._bucket("dags")

    @property
    def results_bucket(self) -> str:
        """Athena query results."""
        return self._bucket("query-results")

    @property
    def logs_bucket(self) -> str:
        """S3 server access logs of all the other buckets."""
        return self._bucket("access-logs")

    def database(self, zone: Zone) -> str:
        """Glue database of a zone; `stage` holds files and has none."""
        if zone is Zone.STAGE:
            raise ValueError("the stage zone holds files as they were sent and has no Glue database")
        return f"{self.project}_{self.environment}_{zone}"

    @property
    def audit_bucket(self) -> str:
        """CloudTrail's log of who did what to the lakehouse; nobody can change what is in it."""
        return self._bucket("audit")

    @property
    def ops_database(self) -> str:
        """Glue database of batches, quality results and lineage."""
        return f"{self.project}_{self.environment}_ops"

    @property
    def audit_database(self) -> str:
        """Glue database of CloudTrail's log."""
        return f"{self.project}_{self.environment}_audit"

    @property
    def trail(self) -> str:
        """CloudTrail trail of the zones."""
        return self.prefix

    def ruleset(self, zone: Zone, *, dataset: str) -> str:
        """Glue Data Quality ruleset of a dataset's table in a zone."""
        return f"{self.prefix}-{zone}-{dataset.replace('_', '-')}"

    def job(self, move: Move | Fetch) -> str:
        return f"{self.prefix}-{move.replace('_', '-')}"

    def script_key(self, move: Move | Fetch) -> str:
        """Path of a job's script in this repository; deployed, its key ends with the file's name."""
        return f"glue_jobs/{move}.py"

    def role(self, purpose: str) -> str:
        return f"{self.prefix}-{purpose}-{self.region}"

    def job_role(self, move: Move | Fetch) -> str:
        return self.role(move.replace("_", "-"))

    @property
    def dbt_role(self) -> str:
        """Role under which dbt builds the curated zone, whoever starts it."""
        return self.role("dbt")

    @property
    def optimizer_role(self) -> str:
        """Role under which Glue compacts tables, expires their snapshots and deletes their orphan files."""
        return self.role("optimizer")

    @property
    def deploy_role(self) -> str:
        """Role that a pipeline takes to deploy."""
        return self.role("deploy")

    @property
    def deploy_roles_stack(self) -> str:
        """CloudFormation stack of the roles that pipelines take, for all environments of an account."""
        return f"{self.project}-deploy-roles"

    @property
    def tables_role(self) -> str:
        """Role under which `lakehouse tables apply` makes, changes and classifies tables."""
        return self.role("tables")

    @property
    def operator_role(self) -> str:
        """Role of people under which the lakehouse is operated: `lakehouse run`, `rerun`, `backfill`, `ingest` ..."""
        return self.role("operator")

    @property
    def erasure_role(self) -> str:
        """Role under which `lakehouse erase` takes a person out of all zones; the only one that deletes versions."""
        return self.role("erasure")

    @property
    def locations_role(self) -> str:
        """Role by which Lake Formation reads and writes the zones for whom it lets."""
        return self.role("lake-formation")

    @property
    def planner(self) -> str:
        """Lambda function that plans batches for the state machine of the moves."""
        return f"{self.prefix}-planner"

    @property
    def moves(self) -> str:
        """Step Functions state machine that runs all moves, and the schedule that starts it."""
        return f"{self.prefix}-moves"

    @property
    def dbt_project(self) -> str:
        """CodeBuild project that runs dbt where there is no Airflow."""
        return f"{self.prefix}-dbt"

    @property
    def airflow_role(self) -> str:
        """Role of Airflow's components and tasks."""
        return self.role("airflow")

    def airflow_log_group(self, component: str) -> str:
        """Log group that Amazon MWAA writes to: of `DAGProcessing`, `Scheduler`, `Task`, `WebServer` or `Worker`."""
        return f"airflow-{self.airflow}-{component}"

    @property
    def packages_domain(self) -> str:
        """CodeArtifact domain with the Python packages of what has no way to the internet."""
        return self.prefix

    @property
    def packages_repository(self) -> str:
        """CodeArtifact repository that fetches from PyPI what it has not."""
        return "pypi"

    @property
    def job_security_configuration(self) -> str:
        return f"{self.prefix}-jobs"

    @property
    def log_prefix(self) -> str:
        """First part of the CloudWatch log groups that this deployment names."""
        return f"/{self.project}/{self.environment}"

    @property
    def job_log_prefix(self) -> str:
        """What Glue is told with `--custom-logGroup-prefix`; see `job_log_group` for what it makes of it."""
        return f"{self.log_prefix}/jobs"

    def job_log_group(self, move: Move | Fetch, stream: str) -> str:
        """Log group of a job's `output` (what it prints) or `error` (Spark's own log).

        Glue composes the name from prefix, security configuration and role (AWS Glue developer guide,
        "Logging for AWS Glue jobs").
        """
        return f"{self.job_log_prefix}/{self.job_security_configuration}-role/{self.job_role(move)}/{stream}"

    @property
    def workgroup(self) -> str:
        """Athena workgroup of analysts, and of whoever does not say another."""
        return self.workgroup_of("analyst")

    @property
    def dbt_workgroup(self) -> str:
        return f"{self.prefix}-dbt"

    def workgroup_of(self, role: str) -> str:
        """Athena workgroup of a role of people, such as `analyst`: only that role reads its results."""
        return f"{self.prefix}-{role}s"

    @property
    def key_alias(self) -> str:
        return f"alias/{self.prefix}"

    def source_secret(self, *, source: str) -> str:
        """Secrets Manager secret with host, port, username and password of a source system."""
        return f"{self.project}/{self.environment}/sources/{source}"

    def replication(self, *, source: str) -> str:
        """DMS replication of one source database: its serverless config, or its task on the instance."""
        return f"{self.prefix}-{source}"

    def replication_endpoint(self, *, source: str, side: str) -> str:
        """DMS endpoint on the `source` or the `target` side of a replication."""
        return f"{self.replication(source=source)}-{side}"

    @property
    def replication_subnets(self) -> str:
        """DMS replication subnet group."""
        return f"{self.prefix}-replication"

    @property
    def replication_instance(self) -> str:
        """DMS replication instance, where replications are not serverless."""
        return f"{self.prefix}-replication"

    def sample_database(self, *, source: str) -> str:
        """RDS instance, with its parameter group and subnet group, that stands for a source database."""
        return f"{self.prefix}-sample-{source}"

    def stream(self, *, source: str) -> str:
        """Kinesis stream that a source puts its events to."""
        return f"{self.prefix}-{source}"

    def kafka_cluster(self, *, source: str) -> str:
        """MSK cluster that a source sends its events to."""
        return f"{self.prefix}-{source}"

    def topic(self, *, dataset: str) -> str:
        """Kafka topic of a dataset's events; one topic a dataset."""
        return dataset

    def delivery(self, *, source: str) -> str:
        """Firehose stream from a Kinesis stream to stage."""
        return f"{self.prefix}-{source}"

    def topic_delivery(self, *, dataset: str) -> str:
        """Firehose stream from a Kafka topic to stage."""
        return f"{self.prefix}-topic-{dataset.replace('_', '-')}"

    def delivery_log_group(self, *, delivery: str) -> str:
        """Log group of a Firehose stream's delivery errors."""
        return f"{self.log_prefix}/deliveries/{delivery}"

    @property
    def arrivals(self) -> str:
        """EventBridge rule for objects that arrive in stage, and the SQS queue that it fills."""
        return f"{self.prefix}-arrivals"

    @property
    def arrivals_dead_letters(self) -> str:
        """SQS queue of arrivals that nobody could take."""
        return f"{self.arrivals}-dead-letters"

    @property
    def airflow(self) -> str:
        """Amazon MWAA environment."""
        return f"{self.prefix}-airflow"

    @property
    def metric_namespace(self) -> str:
        """CloudWatch namespace of `lakehouse.moves.metrics`."""
        return f"{self.project}/{self.environment}"

    @property
    def traces_endpoint(self) -> str:
        """Where X-Ray takes OpenTelemetry spans."""
        return f"https://xray.{self.region}.amazonaws.com/v1/traces"

    def alerts_topic(self, urgency: Urgency) -> str:
        """SNS topic that tells people."""
        return f"{self.prefix}-alerts-{urgency}"

    @property
    def slack(self) -> str:
        """Lambda function that posts notices to a Slack channel."""
        return f"{self.prefix}-slack"

    @property
    def slack_secret(self) -> str:
        """Secret with the URL of the Slack channel's incoming webhook."""
        return f"{self.prefix}-slack-webhook"

    def alarm(self, subject: str, *, of: str) -> str:
        """CloudWatch alarm: what it watches `of` what, e.g. `lakehouse-dev-orders-refused`."""
        return f"{self.prefix}-{of}-{subject}"

    def failure_rule(self, of: str) -> str:
        """EventBridge rule that tells of failures of the `jobs` or the `replications`."""
        return f"{self.prefix}-failed-{of}"

    def dashboard(self, domain: str | None = None) -> str:
        """CloudWatch dashboard of a domain's datasets, or of the platform."""
        return f"{self.prefix}-domain-{domain}" if domain else f"{self.prefix}-platform"

    @property
    def budget(self) -> str:
        return f"{self.prefix}-monthly"

    def function_log_group(self, function: str) -> str:
        """Log group of a Lambda function."""
        return f"{self.log_prefix}/functions/{function}"

    @property
    def moves_log_group(self) -> str:
        """Log group of the state machine of the moves."""
        return f"{self.log_prefix}/moves"

    @property
    def dbt_log_group(self) -> str:
        """Log group of dbt's builds."""
        return f"{self.log_prefix}/dbt"

    # --- where things stand inside the buckets -------------------------------------------------------------

    @property
    def contracts_uri(self) -> str:
        """Contracts in force: what `lakehouse tables apply` published and the jobs read."""
        return f"s3://{self.scripts_bucket}/contracts/"

    def results_uri(self, workgroup: str) -> str:
        """Where a workgroup's query results go."""
        return f"s3://{self.results_bucket}/{workgroup}/"

    @property
    def trail_uri(self) -> str:
        """CloudTrail's log files of this region, in a folder a year, month and day."""
        return f"s3://{self.audit_bucket}/AWSLogs/{self.account}/CloudTrail/{self.region}/"

    def database_location(self, zone: Zone) -> str:
        return f"s3://{self.bucket(zone)}/"

    def table_location(self, zone: Zone, *, domain: str, table: str) -> str:
        return f"s3://{self.bucket(zone)}/{domain}/{table}"

    def ops_location(self, table: str) -> str:
        return f"s3://{self.bucket(Zone.INTEGRATION)}/ops/{table}"

    @property
    def undelivered_prefix(self) -> str:
        """Where Firehose puts records that it cannot deliver, in the stage bucket: no dataset's prefix begins so."""
        return "_undelivered/"

    def backfills_prefix(self, *, dataset: str) -> str:
        """Where it is written which of a dataset's batches are moved again, in the raw bucket."""
        return f"_backfills/{dataset}/"

    def erased_prefix(self, *, dataset: str) -> str:
        """Where stage objects are that were written anew without a person's records: no dataset's prefix begins so."""
        return f"_erased/{dataset}/"

    def erasure_key(self, *, erasure_id: str) -> str:
        """Where the proof of an erasure is, in the raw bucket."""
        return f"{self.erasures_prefix}{erasure_id}.json"

    @property
    def erasures_prefix(self) -> str:
        """Where the proofs and journals of all erasures are, in the raw bucket."""
        return "_erasures/"

    @property
    def begun_erasures_prefix(self) -> str:
        """Where it is written, in the raw bucket, what an erasure is about until it is complete."""
        return f"{self.erasures_prefix}begun/"

    def pull_key(self, *, dataset: str) -> str:
        """Where it is written when a dataset was last pulled from its API, in the raw bucket."""
        return f"{self.pulls_prefix}{dataset}.json"

    @property
    def pulls_prefix(self) -> str:
        """Where that is for all datasets, in the raw bucket."""
        return "_pulls/"

    def batches_prefix(self, *, dataset: str) -> str:
        """Where a dataset's batch manifests are written, in the raw bucket."""
        return f"{self.manifests_prefix}{dataset}/"

    @property
    def manifests_prefix(self) -> str:
        """Where the manifests of all datasets are, in the raw bucket."""
        return "_batches/"
