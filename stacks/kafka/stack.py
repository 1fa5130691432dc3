"""Kafka: MSK Serverless clusters of Kafka sources, and Firehose from each topic to stage."""

from collections.abc import Mapping, Sequence
from typing import Any

from aws_cdk import Fn
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_msk as msk
from constructs import Construct

from lakehouse.contracts.model import Contract
from lakehouse.names import Names
from stacks.network.stack import Network
from stacks.settings import Settings
from stacks.shared.delivery import Delivery
from stacks.stack import LakehouseStack

IAM_PORT = 9098
CLUSTER_ACTIONS = ["kafka:DescribeCluster", "kafka:DescribeClusterV2", "kafka:GetBootstrapBrokers"]
CLUSTER_ACTIONS += ["kafka-cluster:Connect"]
TOPIC_ACTIONS = ["DescribeTopic", "DescribeTopicDynamicConfiguration", "ReadData"]


class Kafka(LakehouseStack):
    """A cluster for each source, with IAM as its only way in.

    Args:
        sources: contracts of each source, by the source's name; each dataset is a topic.

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
        super().__init__(scope, "kafka", names=names, description="Kafka clusters and their topics' way to stage")
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
        firehose = {"Service": "firehose.amazonaws.com"}
        msk.CfnClusterPolicy(
            self,
            f"{source}-policy",
            cluster_arn=cluster.attr_arn,
            policy={
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": firehose,
                        "Action": "kafka:CreateVpcConnection",
                        "Resource": cluster.attr_arn,
                    }
                ],
            },
        )
        return cluster

    def _topic(self, contract: Contract, *, cluster: msk.CfnServerlessCluster) -> None:
        topic = self.names.topic(dataset=contract.dataset)

        def read_by(role_arn: str) -> dict[str, Any]:
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
            source=read_by,
            reads=self._rights(topic, cluster=cluster),
            prefix=contract.stage_prefix,
            folders=[contract.stage_prefix],
            settings=self._settings,
            key=self._key,
        )

    def _rights(self, topic: str, *, cluster: msk.CfnServerlessCluster) -> list[iam.PolicyStatement]:
        # ...:cluster/NAME/UUID; topics and groups of it are ...:topic/NAME/UUID/TOPIC, ...:group/NAME/UUID/GROUP.
        name = Fn.select(1, Fn.split(":cluster/", cluster.attr_arn))
        within = f"arn:{self.partition}:kafka:{self.region}:{self.account}"
        return [
            iam.PolicyStatement(actions=CLUSTER_ACTIONS, resources=[cluster.attr_arn]),
            iam.PolicyStatement(
                actions=[f"kafka-cluster:{action}" for action in TOPIC_ACTIONS],
                resources=[f"{within}:topic/{name}/{topic}"],
            ),
            iam.PolicyStatement(actions=["kafka-cluster:DescribeGroup"], resources=[f"{within}:group/{name}/*"]),
        ]
