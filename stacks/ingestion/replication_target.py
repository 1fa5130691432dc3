"""The target endpoint of a replication: the folder of the source in stage."""

from aws_cdk import aws_dms as dms
from aws_cdk import aws_kms as kms
from constructs import Construct

from lakehouse.contracts.dms import s3_settings
from lakehouse.names import Zone
from stacks.iam.replication import WHY_TARGET_WILDCARDS, target_statements
from stacks.iam.roles import add_inline_role, trusted_service
from stacks.settings import Settings
from stacks.stack import LakehouseStack


class ReplicationTarget(Construct):
    """The endpoint with which DMS writes the files of one source database.

    Attributes:
        endpoint: the DMS endpoint.
    """

    def __init__(self, stack: LakehouseStack, source: str, *, settings: Settings, key: kms.IKey) -> None:
        super().__init__(stack, f"{source}-target")
        role = add_inline_role(
            self,
            "StageRole",
            trusted=trusted_service(stack, "dms"),
            statements=target_statements(stack, source, key=key),
            why_wildcards=WHY_TARGET_WILDCARDS,
        )
        self.endpoint = dms.CfnEndpoint(
            self,
            "Endpoint",
            endpoint_identifier=stack.names.replication_endpoint(source=source, side="target"),
            endpoint_type="target",
            engine_name="s3",
        )
        files = s3_settings(
            source=source,
            bucket=stack.names.bucket(Zone.STAGE),
            batch_interval_s=settings.replication.interval_seconds,
        )
        access = {
            "ServiceAccessRoleArn": role.role_arn,
            "ExpectedBucketOwner": stack.account,
            "EncryptionMode": "sse-kms",
            "ServerSideEncryptionKmsKeyId": key.key_arn,
        }
        self.endpoint.add_property_override("S3Settings", {**files, **access})
