"""Kafka: MSK Serverless clusters of Kafka sources, and Firehose from each topic to stage."""

from collections.abc import Mapping, Sequence
from typing import Any

from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_kms as kms
from aws_cdk import aws_msk as msk
from constructs import Construct

from lakehouse.contracts.model import Contract
from lakehouse.names import Names
from stacks.iam.firehose import topic_statements
from stacks.network.stack import Network
from stacks.settings import Settings
from stacks.shared.delivery import Delivery
from stacks.stack import LakehouseStack

IAM_PORT = 9098


class Kafka(LakehouseStack):
    """A cluster for each source, with IAM as its only authentication.

    Args:
        sources: contracts of each source, by the name of the source; each dataset is a topic.

    Source: Amazon Data Firehose developer guide, "Configure source settings for Amazon MSK", "Grant Firehose access to
    Amazon MSK".
    """

    def __init__(
        self,
        scope: Construct,
        *,
        names: Names,
        settings: Settings,
        key: kms.IKey,
        network: Network,
        sources: Mapping[str, Sequence[Contract]],
    ) -> None:
        super().__init__(scope, "kafka", names=names, description="Kafka clusters, and their delivery to stage")
        self._settings, self._key = settings, key
        brokers = network.tenant(
            "Brokers", description="Kafka brokers: who holds this group may connect to them", services=[]
        )
        brokers.add_ingress_rule(brokers, ec2.Port.tcp(IAM_PORT), "Kafka clients that authenticate by IAM")
        for source, contracts in sources.items():
            cluster = self._cluster(source, network=network, brokers=brokers)
            for contract in contracts:
                self._topic(contract, cluster=cluster)

    def _cluster(self, source: str, *, network: Network, brokers: ec2.SecurityGroup) -> msk.CfnServerlessCluster:
        cluster = msk.CfnServerlessCluster(
            self,
            source,
            cluster_name=self.names.kafka_cluster(source=source),
            client_authentication={"sasl": {"iam": {"enabled": True}}},
            vpc_configs=[
                {
                    "subnetIds": [subnet.subnet_id for subnet in network.private_subnets],
                    "securityGroups": [brokers.security_group_id],
                }
            ],
        )
        msk.CfnClusterPolicy(
            self,
            f"{source}-policy",
            cluster_arn=cluster.attr_arn,
            policy={
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"Service": "firehose.amazonaws.com"},
                        "Action": "kafka:CreateVpcConnection",
                        "Resource": cluster.attr_arn,
                    }
                ],
            },
        )
        return cluster

    def _topic(self, contract: Contract, *, cluster: msk.CfnServerlessCluster) -> None:
        topic = self.names.topic(dataset=contract.dataset)

        def delivery_source(role_arn: str) -> dict[str, Any]:
            return {
                "delivery_stream_type": "MSKAsSource",
                "msk_source_configuration": {
                    "mskClusterArn": cluster.attr_arn,
                    "topicName": topic,
                    "authenticationConfiguration": {"connectivity": "PRIVATE", "roleArn": role_arn},
                },
            }

        Delivery(
            self,
            f"{contract.dataset}-delivery",
            name=self.names.topic_delivery(dataset=contract.dataset),
            source=delivery_source,
            reads=topic_statements(self, topic, cluster_arn=cluster.attr_arn),
            prefix=contract.stage_prefix,
            folders=[contract.stage_prefix],
            settings=self._settings,
            key=self._key,
        )
