"""EC2: security group rules, flow logs, NAT gateways, addresses, and the CDK's restriction of the default group."""

from typing import Any

from emulator.runtime import plugin
from emulator.runtime.resource_type import Attributes, Properties, ResourceType, picked

FLOW_LOG_MEMBERS = (
    "DeliverLogsPermissionArn",
    "DestinationOptions",
    "LogDestination",
    "LogDestinationType",
    "LogFormat",
    "LogGroupName",
    "MaxAggregationInterval",
    "ResourceType",
    "TrafficType",
)
INGRESS_MEMBERS = ("CidrIp", "Description", "FromPort", "GroupId", "IpProtocol", "SourceSecurityGroupId", "ToPort")


def _permission(properties: Properties) -> dict[str, Any]:
    permission: dict[str, Any] = {"IpProtocol": str(properties["IpProtocol"])}
    permission |= {name: int(properties[name]) for name in ("FromPort", "ToPort") if name in properties}
    description = picked(properties, "Description")
    if "CidrIp" in properties:
        permission["IpRanges"] = [{"CidrIp": properties["CidrIp"], **description}]
    if "SourceSecurityGroupId" in properties:
        permission["UserIdGroupPairs"] = [{"GroupId": properties["SourceSecurityGroupId"], **description}]
    return permission


def _create_ingress(properties: Properties, name: str) -> tuple[str, Attributes]:
    ec2 = plugin.client("ec2")
    ec2.authorize_security_group_ingress(GroupId=properties["GroupId"], IpPermissions=[_permission(properties)])
    return name, {"Id": name}


def _delete_ingress(_: str, properties: Properties) -> None:
    ec2 = plugin.client("ec2")
    ec2.revoke_security_group_ingress(GroupId=properties["GroupId"], IpPermissions=[_permission(properties)])


def _create_flow_log(properties: Properties, _: str) -> tuple[str, Attributes]:
    members = picked(properties, *FLOW_LOG_MEMBERS) | {"ResourceIds": [properties["ResourceId"]]}
    if properties.get("Tags"):
        members["TagSpecifications"] = [{"ResourceType": "vpc-flow-log", "Tags": properties["Tags"]}]
    identifier: str = plugin.client("ec2").create_flow_logs(**members)["FlowLogIds"][0]
    return identifier, {"Id": identifier}


def _delete_flow_log(identifier: str, _: Properties) -> None:
    plugin.client("ec2").delete_flow_logs(FlowLogIds=[identifier])


def _close_default_group(properties: Properties, name: str) -> tuple[str, Attributes]:
    """Remove every rule of the group, as the CDK's function does."""
    ec2 = plugin.client("ec2")
    group = properties["DefaultSecurityGroupId"]
    rules = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]
    if rules["IpPermissions"]:
        ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=rules["IpPermissions"])
    if rules["IpPermissionsEgress"]:
        ec2.revoke_security_group_egress(GroupId=group, IpPermissions=rules["IpPermissionsEgress"])
    return name, {}


def _keep_default_group(_: str, __: Properties) -> None:
    """Do nothing: the group is deleted with its VPC, which belongs to the same stack."""


def _create_address(properties: Properties, _: str) -> tuple[str, Attributes]:
    ec2 = plugin.client("ec2")
    members = picked(properties, "Domain")
    if properties.get("Tags"):
        members["TagSpecifications"] = [{"ResourceType": "elastic-ip", "Tags": properties["Tags"]}]
    address = ec2.allocate_address(**members)
    return address["PublicIp"], {"AllocationId": address["AllocationId"], "PublicIp": address["PublicIp"]}


def _delete_address(address: str, _: Properties) -> None:
    ec2 = plugin.client("ec2")
    for allocated in ec2.describe_addresses(PublicIps=[address])["Addresses"]:
        ec2.release_address(AllocationId=allocated["AllocationId"])


def _create_nat_gateway(properties: Properties, _: str) -> tuple[str, Attributes]:
    members = picked(properties, "AllocationId", "ConnectivityType", "SubnetId")
    if properties.get("Tags"):
        members["TagSpecifications"] = [{"ResourceType": "natgateway", "Tags": properties["Tags"]}]
    identifier: str = plugin.client("ec2").create_nat_gateway(**members)["NatGateway"]["NatGatewayId"]
    return identifier, {"NatGatewayId": identifier}


def _delete_nat_gateway(identifier: str, _: Properties) -> None:
    plugin.client("ec2").delete_nat_gateway(NatGatewayId=identifier)


TYPES = {
    "AWS::EC2::EIP": ResourceType(
        properties=frozenset({"Domain", "Tags"}), create=_create_address, delete=_delete_address
    ),
    "AWS::EC2::NatGateway": ResourceType(
        properties=frozenset({"AllocationId", "ConnectivityType", "SubnetId", "Tags"}),
        create=_create_nat_gateway,
        delete=_delete_nat_gateway,
    ),
    "AWS::EC2::SecurityGroupIngress": ResourceType(
        properties=frozenset(INGRESS_MEMBERS), create=_create_ingress, delete=_delete_ingress
    ),
    "AWS::EC2::FlowLog": ResourceType(
        properties=frozenset({"ResourceId", "Tags", *FLOW_LOG_MEMBERS}),
        create=_create_flow_log,
        delete=_delete_flow_log,
    ),
    "Custom::VpcRestrictDefaultSG": ResourceType(
        properties=frozenset({"ServiceToken", "DefaultSecurityGroupId", "Account"}),
        create=_close_default_group,
        delete=_keep_default_group,
    ),
}
