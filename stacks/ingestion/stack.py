"""Ingestion: DMS replicates the tables of source databases to stage: first all rows, then each change."""

from collections.abc import Mapping, Sequence

from aws_cdk import aws_dms as dms
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_kms as kms
from constructs import Construct

from lakehouse.contracts.model import Contract
from lakehouse.names import Names
from stacks.ingestion.replication import Replication
from stacks.ingestion.sample_database import SampleDatabase
from stacks.ingestion.source_engine import engine_and_database
from stacks.network.stack import Network
from stacks.settings import Settings
from stacks.stack import LakehouseStack

INSTANCE_STORAGE_GB = 50


class Ingestion(LakehouseStack):
    """A DMS replication for each source database, and the sample databases.

    Args:
        databases: contracts of each source database, by the source's name.

    Attributes:
        replications: ARN of each source database's replication, by the source's name.
    """

    def __init__(
        self,
        scope: Construct,
        *,
        names: Names,
        settings: Settings,
        key: kms.IKey,
        network: Network,
        databases: Mapping[str, Sequence[Contract]],
    ) -> None:
        super().__init__(scope, "ingestion", names=names, description="Replication of source databases")
        subnets = dms.CfnReplicationSubnetGroup(
            self,
            "Subnets",
            replication_subnet_group_identifier=names.replication_subnets,
            replication_subnet_group_description=f"Private subnets of {names.prefix}",
            subnet_ids=[subnet.subnet_id for subnet in network.private_subnets],
        )
        group = network.tenant(
            "Replications",
            description="DMS: no one connects to it; it reaches what its subnets have a route to",
            services=[ec2.InterfaceVpcEndpointAwsService.SECRETS_MANAGER],
        )
        instance = self._instance(settings, key=key, subnets=subnets, security_group=group)
        secrets = {
            source: SampleDatabase(
                self,
                source,
                database=engine_and_database(source, databases[source])[1],
                clients=group,
                settings=settings,
                key=key,
                network=network,
            ).secret
            for source in settings.replication.sample_sources
        }
        self.replications = {
            source: Replication(
                self,
                source,
                contracts=contracts,
                settings=settings,
                key=key,
                subnets=subnets,
                security_group=group,
                secret=secrets.get(source),
                instance=instance,
            ).arn
            for source, contracts in databases.items()
        }

    def _instance(
        self,
        settings: Settings,
        *,
        key: kms.IKey,
        subnets: dms.CfnReplicationSubnetGroup,
        security_group: ec2.ISecurityGroup,
    ) -> dms.CfnReplicationInstance | None:
        if settings.replication.instance_class is None:
            return None
        return dms.CfnReplicationInstance(
            self,
            "Instance",
            replication_instance_identifier=self.names.replication_instance,
            replication_instance_class=settings.replication.instance_class,
            allocated_storage=INSTANCE_STORAGE_GB,
            publicly_accessible=False,
            auto_minor_version_upgrade=True,
            multi_az=False,
            kms_key_id=key.key_arn,
            replication_subnet_group_identifier=subnets.ref,
            vpc_security_group_ids=[security_group.security_group_id],
        )
