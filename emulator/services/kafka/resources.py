"""AWS::MSK::ServerlessCluster, AWS::MSK::ClusterPolicy."""

import json

from emulator.runtime import plugin
from emulator.runtime.resource_type import Attributes, Properties, ResourceType, tag_map

CLUSTER_PROPERTIES = frozenset({"ClusterName", "ClientAuthentication", "VpcConfigs", "Tags"})


def _create_cluster(properties: Properties, _: str) -> tuple[str, Attributes]:
    vpcs = [
        {"SubnetIds": vpc["SubnetIds"], "SecurityGroupIds": vpc.get("SecurityGroups", [])}
        for vpc in properties["VpcConfigs"]
    ]
    cluster = plugin.client("kafka").create_cluster_v2(
        ClusterName=properties["ClusterName"],
        Serverless={"VpcConfigs": vpcs, "ClientAuthentication": {"Sasl": {"Iam": {"Enabled": True}}}},
        Tags=tag_map(properties),
    )
    return cluster["ClusterArn"], {"Arn": cluster["ClusterArn"]}


def _delete_cluster(arn: str, _: Properties) -> None:
    plugin.client("kafka").delete_cluster(ClusterArn=arn)


def _put_policy(properties: Properties) -> None:
    kafka = plugin.client("kafka")
    kafka.put_cluster_policy(ClusterArn=properties["ClusterArn"], Policy=json.dumps(properties["Policy"]))


def _create_policy(properties: Properties, _: str) -> tuple[str, Attributes]:
    _put_policy(properties)
    return properties["ClusterArn"], {"CurrentVersion": "1"}


def _update_policy(_: str, __: Properties, new: Properties) -> Attributes:
    _put_policy(new)
    return {"CurrentVersion": "1"}


def _delete_policy(arn: str, _: Properties) -> None:
    plugin.client("kafka").delete_cluster_policy(ClusterArn=arn)


TYPES = {
    "AWS::MSK::ServerlessCluster": ResourceType(
        properties=CLUSTER_PROPERTIES, create=_create_cluster, delete=_delete_cluster
    ),
    "AWS::MSK::ClusterPolicy": ResourceType(
        properties=frozenset({"ClusterArn", "Policy"}),
        create=_create_policy,
        update=_update_policy,
        delete=_delete_policy,
        replacing=frozenset({"ClusterArn"}),
    ),
}
