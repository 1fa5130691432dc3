"""One source database's way to stage: its secret, both endpoints, and the replication between them."""

import json
from collections.abc import Sequence

from aws_cdk import aws_dms as dms
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from lakehouse import dms as dms_settings
from lakehouse.contract import Contract
from lakehouse.names import Zone
from stacks.acknowledge import acknowledge, acknowledge_wildcards
from stacks.settings import Settings
from stacks.source_engine import Engine, engine_and_database
from stacks.stack import LakehouseStack


class Replication(Construct):
    """DMS Serverless from one database to stage; it is made stopped and costs nothing until someone starts it.

    Attributes:
        arn: ARN of the replication.

    Raises:
        ValueError: the source's engine is not in ENGINES, or its contracts disagree on engine or database.
    """

    def __init__(
        self,
        stack: LakehouseStack,
        source: str,
        *,
        contracts: Sequence[Contract],
        settings: Settings,
        key: kms.IKey,
        subnets: dms.CfnReplicationSubnetGroup,
        security_group: ec2.ISecurityGroup,
    ) -> None:
        super().__init__(stack, source)
        self._stack, self._source, self._key = stack, source, key
        least, most = settings.replication.units
        self.arn = dms.CfnReplicationConfig(
            self,
            "Replication",
            replication_config_identifier=stack.names.replication(source=source),
            replication_type="full-load-and-cdc",
            source_endpoint_arn=self._database(contracts, settings=settings).ref,
            target_endpoint_arn=self._stage(settings).ref,
            table_mappings=dms_settings.table_mappings(contracts),
            replication_settings={"Logging": {"EnableLogging": True}},
            compute_config=dms.CfnReplicationConfig.ComputeConfigProperty(
                min_capacity_units=least,
                max_capacity_units=most,
                multi_az=False,
                kms_key_id=key.key_arn,
                replication_subnet_group_id=subnets.ref,
                vpc_security_group_ids=[security_group.security_group_id],
            ),
        ).ref

    def _database(self, contracts: Sequence[Contract], *, settings: Settings) -> dms.CfnEndpoint:
        engine, database = engine_and_database(self._source, contracts)
        secret = self._secret(engine, settings=settings)
        statements = [
            iam.PolicyStatement(
                actions=["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"],
                resources=[secret.secret_arn],
            ),
            iam.PolicyStatement(actions=["kms:Decrypt", "kms:DescribeKey"], resources=[self._key.key_arn]),
        ]
        # DMS reads secrets as its regional principal (DMS user guide, "Using secrets to access endpoints").
        role = self._role("SecretRole", service=f"dms.{self._stack.region}.amazonaws.com", statements=statements)
        endpoint = dms.CfnEndpoint(
            self,
            "Source",
            endpoint_identifier=self._stack.names.replication_endpoint(source=self._source, side="source"),
            endpoint_type="source",
            engine_name=engine.name,
            database_name=database,
            ssl_mode=settings.replication.ssl_mode,
        )
        access = {"SecretsManagerSecretId": secret.secret_arn, "SecretsManagerAccessRoleArn": role.role_arn}
        endpoint.add_property_override(engine.settings_property, {**engine.settings, **access})
        return endpoint

    def _secret(self, engine: Engine, *, settings: Settings) -> secretsmanager.Secret:
        secret = secretsmanager.Secret(
            self,
            "Secret",
            secret_name=self._stack.names.source_secret(source=self._source),
            description="Put the source's own host, port, username and password here before the replication starts",
            encryption_key=self._key,
            generate_secret_string=secretsmanager.SecretStringGenerator(
                secret_string_template=json.dumps({"host": "", "port": engine.port, "username": ""}),
                generate_string_key="password",
            ),
            removal_policy=settings.removal_policy,
        )
        acknowledge(
            secret,
            "AwsSolutions-SMG4",
            reason="The account belongs to the source's owner, who changes its password and puts the new one here.",
        )
        return secret

    def _stage(self, settings: Settings) -> dms.CfnEndpoint:
        stack = self._stack
        bucket = stack.names.bucket(Zone.STAGE)
        folder = dms_settings.bucket_folder(self._source)
        statements = [
            iam.PolicyStatement(actions=["s3:ListBucket"], resources=[stack.s3_arn(bucket)]),
            iam.PolicyStatement(
                actions=["s3:PutObject", "s3:PutObjectTagging", "s3:DeleteObject"],
                resources=[stack.s3_arn(f"{bucket}/{folder}/*")],
            ),
            iam.PolicyStatement(actions=["kms:Decrypt", "kms:GenerateDataKey"], resources=[self._key.key_arn]),
        ]
        role = self._role("StageRole", service="dms.amazonaws.com", statements=statements)
        acknowledge_wildcards(
            role,
            statements,
            reason="DMS names the files that it writes: the role is held to this source's folder of the stage bucket.",
        )
        endpoint = dms.CfnEndpoint(
            self,
            "Target",
            endpoint_identifier=stack.names.replication_endpoint(source=self._source, side="target"),
            endpoint_type="target",
            engine_name="s3",
        )
        written = dms_settings.s3_settings(
            source=self._source, bucket=bucket, batch_interval_s=settings.replication.interval_seconds
        )
        access = {
            "ServiceAccessRoleArn": role.role_arn,
            "ExpectedBucketOwner": stack.account,
            "EncryptionMode": "sse-kms",
            "ServerSideEncryptionKmsKeyId": self._key.key_arn,
        }
        endpoint.add_property_override("S3Settings", {**written, **access})
        return endpoint

    def _role(self, construct_id: str, *, service: str, statements: list[iam.PolicyStatement]) -> iam.Role:
        return iam.Role(
            self,
            construct_id,
            assumed_by=iam.ServicePrincipal(service),
            inline_policies={"use": iam.PolicyDocument(statements=statements)},
        )
