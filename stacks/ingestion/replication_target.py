"""The target side of a replication: the source's folder in stage."""

from aws_cdk import aws_dms as dms
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from lakehouse.contracts import dms as dms_settings
from lakehouse.names import Zone
from stacks.iam.acknowledge import acknowledge_wildcards
from stacks.settings import Settings
from stacks.stack import LakehouseStack


class ReplicationTarget(Construct):
    """The endpoint by which DMS writes one source database's files.

    Attributes:
        endpoint: the DMS endpoint.
    """

    def __init__(self, stack: LakehouseStack, source: str, *, settings: Settings, key: kms.IKey) -> None:
        super().__init__(stack, f"{source}-target")
        bucket = stack.names.bucket(Zone.STAGE)
        statements = [
            iam.PolicyStatement(actions=["s3:ListBucket"], resources=[stack.s3_arn(bucket)]),
            iam.PolicyStatement(
                actions=["s3:PutObject", "s3:PutObjectTagging", "s3:DeleteObject"],
                resources=[stack.s3_arn(f"{bucket}/{dms_settings.bucket_folder(source)}/*")],
            ),
            iam.PolicyStatement(actions=["kms:Decrypt", "kms:GenerateDataKey"], resources=[key.key_arn]),
        ]
        role = iam.Role(
            self,
            "StageRole",
            assumed_by=iam.ServicePrincipal("dms.amazonaws.com"),
            inline_policies={"use": iam.PolicyDocument(statements=statements)},
        )
        acknowledge_wildcards(
            role,
            statements,
            reason="DMS names the files that it writes: the role is held to this source's folder of the stage bucket.",
        )
        self.endpoint = dms.CfnEndpoint(
            self,
            "Endpoint",
            endpoint_identifier=stack.names.replication_endpoint(source=source, side="target"),
            endpoint_type="target",
            engine_name="s3",
        )
        written = dms_settings.s3_settings(
            source=source, bucket=bucket, batch_interval_s=settings.replication.interval_seconds
        )
        access = {
            "ServiceAccessRoleArn": role.role_arn,
            "ExpectedBucketOwner": stack.account,
            "EncryptionMode": "sse-kms",
            "ServerSideEncryptionKmsKeyId": key.key_arn,
        }
        self.endpoint.add_property_override("S3Settings", {**written, **access})
