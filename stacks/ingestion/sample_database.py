"""A sample source: RDS PostgreSQL in place of a source database, ready for logical replication."""

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_kms as kms
from aws_cdk import aws_rds as rds
from constructs import Construct

from stacks.iam.acknowledge import acknowledge
from stacks.network.stack import PRIVATE, Network
from stacks.settings import Settings
from stacks.stack import LakehouseStack

ENGINE = rds.DatabaseInstanceEngine.postgres(version=rds.PostgresEngineVersion.VER_17)
PARAMETERS = {"rds.logical_replication": "1", "rds.force_ssl": "1", "log_connections": "1"}
USER = "lakehouse"
PORT = 5433


class SampleDatabase(Construct):
    """A small PostgreSQL in the private subnets; its account is in the secret that the replication reads.

    Args:
        source: name of the source that it replaces.
        database: name of the database, as in the contracts.
        clients: security group that may connect.

    Attributes:
        secret: host, port, username and password.
    """

    def __init__(
        self,
        stack: LakehouseStack,
        source: str,
        *,
        database: str,
        clients: ec2.ISecurityGroup,
        settings: Settings,
        key: kms.IKey,
        network: Network,
    ) -> None:
        super().__init__(stack, f"{source}-sample")
        name = stack.names.sample_database(source=source)
        group = network.tenant(f"Sample-{source}", description=f"Sample of {source}: DMS connects to it", services=[])
        group.add_ingress_rule(clients, ec2.Port.tcp(PORT), "DMS reads its tables and its log")
        subnets = ec2.SubnetSelection(subnet_group_name=PRIVATE)
        instance = rds.DatabaseInstance(
            self,
            "Instance",
            instance_identifier=name,
            engine=ENGINE,
            instance_type=ec2.InstanceType.of(ec2.InstanceClass.T4G, ec2.InstanceSize.MICRO),
            database_name=database,
            credentials=rds.Credentials.from_generated_secret(
                USER, secret_name=stack.names.source_secret(source=source), encryption_key=key
            ),
            port=PORT,
            parameter_group=rds.ParameterGroup(
                self,
                "Parameters",
                engine=ENGINE,
                name=name,
                parameters=PARAMETERS,
                removal_policy=RemovalPolicy.DESTROY,
            ),
            subnet_group=rds.SubnetGroup(
                self,
                "Subnets",
                description=f"Private subnets of {stack.names.prefix}",
                subnet_group_name=name,
                vpc=network.vpc,
                vpc_subnets=subnets,
                removal_policy=RemovalPolicy.DESTROY,
            ),
            vpc=network.vpc,
            vpc_subnets=subnets,
            security_groups=[group],
            publicly_accessible=False,
            storage_type=rds.StorageType.GP3,
            allocated_storage=20,
            storage_encrypted=True,
            storage_encryption_key=key,
            iam_authentication=True,
            backup_retention=Duration.days(7),
            auto_minor_version_upgrade=True,
            deletion_protection=settings.removal_policy is RemovalPolicy.RETAIN,
            removal_policy=settings.removal_policy,
        )
        acknowledge(
            instance,
            "AwsSolutions-RDS3",
            reason="A sample, whose rows can be created again: a standby instance would double its price.",
        )
        acknowledge(
            instance,
            "AwsSolutions-SMG4",
            reason="A sample without real data. DMS keeps its sessions, so a rotated password would only stop the "
            "replication at its next start.",
        )
        if settings.removal_policy is RemovalPolicy.DESTROY:
            acknowledge(
                instance,
                "AwsSolutions-RDS10",
                reason="This environment deletes its data when it is destroyed; protection would prevent that.",
            )
        assert instance.secret is not None  # created from the credentials above
        self.secret = instance.secret
