"""Audit: the CloudTrail log of reads and writes in the zones, in a write-once bucket, and a table for SQL over it."""

from aws_cdk import Annotations, Duration, RemovalPolicy
from aws_cdk import aws_cloudtrail as cloudtrail
from aws_cdk import aws_glue as glue
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from lakehouse.governance.tags import Area
from lakehouse.names import Names, Zone
from stacks.audit.trail_table import trail_table
from stacks.iam.services import trail_statements
from stacks.iam.tag_grants import tag_database
from stacks.settings import Settings
from stacks.stack import LakehouseStack

# Key use and SQL through the HTTP endpoint of RDS would be most of the log, and concern no data of the lakehouse.
LEFT_OUT = ["kms.amazonaws.com", "rdsdata.amazonaws.com"]


class Audit(LakehouseStack):
    """The trail, its bucket, and the table with which Athena reads it."""

    def __init__(
        self, scope: Construct, *, names: Names, settings: Settings, key: kms.IKey, access_logs: s3.IBucket
    ) -> None:
        super().__init__(scope, "audit", names=names, description="Log of all access to the lakehouse")
        bucket = self._bucket(settings, key=key, access_logs=access_logs)
        trail = cloudtrail.CfnTrail(
            self,
            "Trail",
            trail_name=names.trail,
            s3_bucket_name=bucket.bucket_name,
            kms_key_id=key.key_arn,
            is_logging=True,
            enable_log_file_validation=True,
            include_global_service_events=True,
            is_multi_region_trail=False,
            advanced_event_selectors=[
                cloudtrail.CfnTrail.AdvancedEventSelectorProperty(
                    name="calls",
                    field_selectors=[
                        cloudtrail.CfnTrail.AdvancedFieldSelectorProperty(
                            field="eventCategory", equal_to=["Management"]
                        ),
                        cloudtrail.CfnTrail.AdvancedFieldSelectorProperty(field="eventSource", not_equals=LEFT_OUT),
                    ],
                ),
                cloudtrail.CfnTrail.AdvancedEventSelectorProperty(
                    name="objects of the zones",
                    field_selectors=[
                        cloudtrail.CfnTrail.AdvancedFieldSelectorProperty(field="eventCategory", equal_to=["Data"]),
                        cloudtrail.CfnTrail.AdvancedFieldSelectorProperty(
                            field="resources.type", equal_to=["AWS::S3::Object"]
                        ),
                        cloudtrail.CfnTrail.AdvancedFieldSelectorProperty(
                            field="resources.ARN",
                            starts_with=[f"{self.s3_arn(names.bucket(zone))}/" for zone in Zone],
                        ),
                    ],
                ),
            ],
        )
        assert bucket.policy is not None
        trail.node.add_dependency(bucket.policy)
        database = glue.CfnDatabase(
            self,
            "Database",
            catalog_id=self.account,
            database_input=glue.CfnDatabase.DatabaseInputProperty(
                name=names.audit_database,
                description="The log of CloudTrail",
                create_table_default_permissions=[],
            ),
        )
        tag_database(self, Area.AUDIT, database=database)
        table = glue.CfnTable(
            self,
            "Table",
            catalog_id=self.account,
            database_name=names.audit_database,
            table_input=trail_table(names.trail_uri, days=settings.governance.audit_days),
        )
        table.node.add_dependency(database)

    def _bucket(self, settings: Settings, *, key: kms.IKey, access_logs: s3.IBucket) -> s3.Bucket:
        names, days = self.names, settings.governance.audit_days
        is_kept = settings.removal_policy is not RemovalPolicy.DESTROY
        bucket = s3.Bucket(
            self,
            "Log",
            bucket_name=names.audit_bucket,
            encryption=s3.BucketEncryption.KMS,
            encryption_key=key,
            bucket_key_enabled=True,
            versioned=True,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            # The storage stack allows S3 to write these logs. The CDK would allow it for any bucket of any account.
            server_access_logs_bucket=s3.Bucket.from_bucket_name(self, "AccessLogs", access_logs.bucket_name),
            server_access_logs_prefix=f"s3/{names.audit_bucket}/",
            object_lock_enabled=True,
            # Not even the root user can delete objects in compliance mode: an environment to be destroyed does without.
            object_lock_default_retention=s3.ObjectLockRetention.compliance(Duration.days(days)) if is_kept else None,
            lifecycle_rules=[
                s3.LifecycleRule(
                    id="age",
                    expiration=Duration.days(days),
                    noncurrent_version_expiration=Duration.days(1),
                )
            ],
            removal_policy=settings.removal_policy,
            auto_delete_objects=not is_kept,
        )
        Annotations.of(bucket).acknowledge_warning(
            "@aws-cdk/aws-s3:accessLogsPolicyNotAdded", "The stack of the storage adds the permission."
        )
        for statement in trail_statements(self, bucket):
            bucket.add_to_resource_policy(statement)
        return bucket
