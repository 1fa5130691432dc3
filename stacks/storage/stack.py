"""Storage: a bucket for each zone, buckets for code, logs and query results, and the one key that encrypts them."""

from typing import Any

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_s3 as s3
from constructs import Construct

from lakehouse.names import Names, Zone
from stacks.iam.services import audit_bucket_logs, only_erasure_writes_proofs
from stacks.settings import Settings
from stacks.stack import LakehouseStack
from stacks.storage.encryption import add_key

UNFINISHED_UPLOADS_DAYS = 3


class Storage(LakehouseStack):
    """Buckets and key.

    Attributes:
        key: the key of data, logs, secrets and query results.
        access_logs: bucket of access logs and flow logs.
    """

    def __init__(self, scope: Construct, *, names: Names, settings: Settings) -> None:
        super().__init__(scope, "storage", names=names, description="Buckets of the lakehouse and their key")
        self._settings = settings
        self.key = add_key(self, removal_policy=settings.removal_policy)
        # S3 delivers server access logs only to buckets that are encrypted with its own key.
        self.access_logs = self._bucket(
            "AccessLogs",
            name=names.logs_bucket,
            expires_days=settings.retention.access_logs_days,
            encryption=s3.BucketEncryption.S3_MANAGED,
        )
        self.access_logs.add_to_resource_policy(audit_bucket_logs(self, self.access_logs))
        for zone in Zone:
            expires_days = settings.retention.stage_days if zone is Zone.STAGE else None
            bucket = self._logged_bucket(zone.title(), name=names.bucket(zone), expires_days=expires_days)
            if zone is Zone.STAGE:
                _send_events(bucket)
            if zone is Zone.RAW:
                bucket.add_to_resource_policy(only_erasure_writes_proofs(self, bucket))
        self._logged_bucket("Scripts", name=names.scripts_bucket)
        if settings.orchestration.engine == "mwaa":
            self._logged_bucket("Dags", name=names.dags_bucket)
        self._logged_bucket(
            "QueryResults", name=names.results_bucket, expires_days=settings.retention.query_results_days
        )

    def _logged_bucket(self, construct_id: str, *, name: str, expires_days: int | None = None) -> s3.Bucket:
        return self._bucket(
            construct_id,
            name=name,
            expires_days=expires_days,
            encryption=s3.BucketEncryption.KMS,
            encryption_key=self.key,
            bucket_key_enabled=True,
            server_access_logs_bucket=self.access_logs,
            server_access_logs_prefix=f"s3/{name}/",
        )

    def _bucket(self, construct_id: str, *, name: str, expires_days: int | None, **encryption: Any) -> s3.Bucket:
        settings = self._settings
        rules = [
            s3.LifecycleRule(
                id="what-is-no-longer-current",
                noncurrent_version_expiration=Duration.days(settings.retention.noncurrent_versions_days),
                expired_object_delete_marker=True,
                abort_incomplete_multipart_upload_after=Duration.days(UNFINISHED_UPLOADS_DAYS),
            )
        ]
        if expires_days is not None:
            rules.append(s3.LifecycleRule(id="age", expiration=Duration.days(expires_days)))
        return s3.Bucket(
            self,
            construct_id,
            bucket_name=name,
            versioned=True,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            lifecycle_rules=rules,
            removal_policy=settings.removal_policy,
            auto_delete_objects=settings.removal_policy is RemovalPolicy.DESTROY,
            **encryption,
        )


def _send_events(bucket: s3.Bucket) -> None:
    """Send the events of a bucket to EventBridge; the CDK's own property would deploy a function for that."""
    resource = bucket.node.default_child
    assert isinstance(resource, s3.CfnBucket)
    resource.notification_configuration = s3.CfnBucket.NotificationConfigurationProperty(
        event_bridge_configuration=s3.CfnBucket.EventBridgeConfigurationProperty(event_bridge_enabled=True)
    )
