"""The one source of every AWS name: buckets, databases, jobs, roles, workgroups, secrets, log groups."""

from dataclasses import dataclass
from enum import StrEnum


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

    def _bucket(self, purpose: str) -> str:
        # Bucket names are global to all of AWS: account and region keep them ours.
        return f"{self.prefix}-{purpose}-{self.account}-{self.region}"

    def bucket(self, zone: Zone) -> str:
        return self._bucket(zone)

    @property
    def scripts_bucket(self) -> str:
        """Job scripts, wheels, and the contracts that are in force."""
        return self._bucket("scripts")

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
    def ops_database(self) -> str:
        """Glue database of batches, quality results and lineage."""
        return f"{self.project}_{self.environment}_ops"

    def job(self, move: Move) -> str:
        return f"{self.prefix}-{move.replace('_', '-')}"

    def script_key(self, move: Move) -> str:
        """Key of a move's script in the scripts bucket."""
        return f"glue_jobs/{move}.py"

    def role(self, purpose: str) -> str:
        return f"{self.prefix}-{purpose}-{self.region}"

    @property
    def workgroup(self) -> str:
        return f"{self.prefix}-analysts"

    @property
    def key_alias(self) -> str:
        return f"alias/{self.prefix}"

    def source_secret(self, *, source: str) -> str:
        """Secrets Manager secret with host, port, username and password of a source system."""
        return f"{self.project}/{self.environment}/sources/{source}"

    def replication(self, *, source: str) -> str:
        """DMS replication (serverless config) of one source database."""
        return f"{self.prefix}-{source}"

    # --- where things stand inside the buckets -------------------------------------------------------------

    @property
    def contracts_uri(self) -> str:
        """Contracts in force: what `lakehouse tables apply` published and the jobs read."""
        return f"s3://{self.scripts_bucket}/contracts/"

    def table_location(self, zone: Zone, *, domain: str, table: str) -> str:
        return f"s3://{self.bucket(zone)}/{domain}/{table}"

    def ops_location(self, table: str) -> str:
        return f"s3://{self.bucket(Zone.INTEGRATION)}/ops/{table}"

    def batches_prefix(self, *, dataset: str) -> str:
        """Where a dataset's batch manifests are written, in the raw bucket."""
        return f"_batches/{dataset}/"
