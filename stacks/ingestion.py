"""Ingestion: DMS brings the tables of source databases to stage, first whole, then change by change."""

from collections.abc import Mapping, Sequence

from aws_cdk import aws_dms as dms
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_kms as kms
from constructs import Construct

from lakehouse.contract import Contract
from lakehouse.names import Names
from stacks.network import Network
from stacks.replication import Replication
from stacks.settings import Settings
from stacks.stack import LakehouseStack


class Ingestion(LakehouseStack):
    """A DMS Serverless replication for each source database.

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
        replications = network.tenant(
            "Replications",
            description="DMS: no one connects to it; it reaches what its subnets have a route to",
            services=[ec2.InterfaceVpcEndpointAwsService.SECRETS_MANAGER],
        )
        self.replications = {
            source: Replication(
                self,
                source,
                contracts=contracts,
                settings=settings,
                key=key,
                subnets=subnets,
                security_group=replications,
            ).arn
            for source, contracts in databases.items()
        }
