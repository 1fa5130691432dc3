"""Storage: a bucket for each zone and for what surrounds them, and the one key that encrypts them."""

from typing import Any

from aws_cdk import ArnFormat, Duration, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from lakehouse.names import Names, Zone
from stacks.settings import Settings
from stacks.stack import LakehouseStack

UNFINISHED_UPLOADS_DAYS = 3
LOG_KEY_ACTIONS = ["Encrypt", "Decrypt", "ReEncryptFrom", "ReEncryptTo", "DescribeKey"]
LOG_KEY_ACTIONS += ["GenerateDataKey", "GenerateDataKeyWithoutPlaintext"]
PUBLISHERS = ("cloudwatch", "events", "budgets")
"""Services that publish to the topics of alerts."""


class Storage(LakehouseStack):
    """Buckets and key.

    Attributes:
        key: encrypts data, logs, secrets and query results.
        access_logs: bucket of who read what, and of network traffic.
    """

    def __init__(self, scope: Construct, *, names: Names, settings: Settings) -> None:
        super().__init__(scope, "storage", names=names, description="Buckets of the lakehouse and their key")
        self._settings = settings
        self.key = self._encryption_key()
        # S3 delivers server access logs only to buckets that it encrypts with its own key.
        self.access_logs = self._bucket(
            "AccessLogs",
            name=names.logs_bucket,
            expires_days=settings.retention.access_logs_days,
            encryption=s3.BucketEncryption.S3_MANAGED,
        )
        for zone in Zone:
            expires_days = settings.retention.stage_days if zone is Zone.STAGE else None
            bucket = self._logged_bucket(zone.title(), name=names.bucket(zone), expires_days=expires_days)
            if zone is Zone.STAGE:
                _tell_eventbridge(bucket)
        self._logged_bucket("Scripts", name=names.scripts_bucket)
        if settings.orchestration.engine == "mwaa":
            self._logged_bucket("Dags", name=names.dags_bucket)
        self._logged_bucket(
            "QueryResults", name=names.results_bucket, expires_days=settings.retention.query_results_days
        )

    def _encryption_key(self) -> kms.Key:
        names = self.names
        key = kms.Key(
            self,
            "Key",
            alias=names.key_alias,
            description=f"Data, logs and secrets of {names.prefix}",
            enable_key_rotation=True,
            removal_policy=self._settings.removal_policy,
        )
        key.add_to_resource_policy(
            iam.PolicyStatement(
                sid="CloudWatchLogs",
                principals=[iam.ServicePrincipal(f"logs.{self.region}.amazonaws.com")],
                actions=[f"kms:{action}" for action in LOG_KEY_ACTIONS],
                resources=["*"],  # in a key's own policy: this key
                conditions={
                    "ArnLike": {
                        "kms:EncryptionContext:aws:logs:arn": [
                            self.format_arn(
                                service="logs",
                                resource="log-group",
                                resource_name=groups,
                                arn_format=ArnFormat.COLON_RESOURCE_NAME,
                            )
                            for groups in (f"{names.log_prefix}/*", names.airflow_log_group("*"))
                        ]
                    }
                },
            )
        )
        # The queue of arrivals is encrypted; EventBridge names the account when it uses the key, but not the rule.
        key.add_to_resource_policy(
            iam.PolicyStatement(
                sid="EventBridgeToQueues",
                principals=[iam.ServicePrincipal("events.amazonaws.com")],
                actions=["kms:Decrypt", "kms:GenerateDataKey"],
                resources=["*"],
                conditions={"StringEquals": {"aws:SourceAccount": self.account}},
            )
        )
        # Topics of alerts are encrypted too.
        key.add_to_resource_policy(
            iam.PolicyStatement(
                sid="AlertsToTopics",
                principals=[iam.ServicePrincipal(f"{name}.amazonaws.com") for name in PUBLISHERS],
                actions=["kms:Decrypt", "kms:GenerateDataKey"],
                resources=["*"],
                conditions={"StringEquals": {"aws:SourceAccount": self.account}},
            )
        )
        trail = f"arn:{self.partition}:cloudtrail:{self.region}:{self.account}:trail/{names.trail}"
        key.add_to_resource_policy(
            iam.PolicyStatement(
                sid="CloudTrail",
                principals=[iam.ServicePrincipal("cloudtrail.amazonaws.com")],
                actions=["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"],
                resources=["*"],  # in a key's own policy: this key
                conditions={"StringEquals": {"aws:SourceArn": trail}},
            )
        )
        return key

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


def _tell_eventbridge(bucket: s3.Bucket) -> None:
    """Have EventBridge told of a bucket's objects; the CDK's own way is a function, even for a bucket of its own."""
    definition = bucket.node.default_child
    assert isinstance(definition, s3.CfnBucket)
    definition.notification_configuration = s3.CfnBucket.NotificationConfigurationProperty(
        event_bridge_configuration=s3.CfnBucket.EventBridgeConfigurationProperty(event_bridge_enabled=True)
    )
