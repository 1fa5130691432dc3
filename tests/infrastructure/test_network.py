"""The network: private, over two zones, with a way to S3 and to secrets and to nothing else."""

from tests.infrastructure.assembly import Assembly, text


def test_there_is_no_way_to_or_from_the_internet(assembly: Assembly) -> None:
    for type_ in ("InternetGateway", "NatGateway", "EgressOnlyInternetGateway", "Route"):
        assert not assembly.resources(f"AWS::EC2::{type_}"), type_
    for subnet in assembly.resources("AWS::EC2::Subnet"):
        assert subnet.properties["MapPublicIpOnLaunch"] is False


def test_subnets_are_in_two_zones_that_cloudformation_finds(assembly: Assembly) -> None:
    zones = [subnet.properties["AvailabilityZone"] for subnet in assembly.resources("AWS::EC2::Subnet")]
    assert zones == [{"Fn::Select": [index, {"Fn::GetAZs": ""}]} for index in range(2)]


def test_endpoints_of_what_dms_needs(assembly: Assembly) -> None:
    endpoints = {
        text(endpoint.properties["ServiceName"]).rpartition(".")[2]: endpoint.properties["VpcEndpointType"]
        for endpoint in assembly.resources("AWS::EC2::VPCEndpoint")
    }
    assert endpoints == {"s3": "Gateway", "secretsmanager": "Interface"}


def test_nothing_is_let_in_but_replications_to_secrets(assembly: Assembly) -> None:
    for group in assembly.resources("AWS::EC2::SecurityGroup"):
        assert "SecurityGroupIngress" not in group.properties
    [rule] = assembly.resources("AWS::EC2::SecurityGroupIngress")
    assert (rule.properties["FromPort"], rule.properties["ToPort"], rule.properties["IpProtocol"]) == (443, 443, "tcp")
    assert text(rule.properties["SourceSecurityGroupId"]).startswith("<Replications")


def test_the_default_security_group_is_closed_and_traffic_is_logged(assembly: Assembly) -> None:
    [vpc] = assembly.resources("AWS::EC2::VPC")
    [closed] = assembly.resources("Custom::VpcRestrictDefaultSG")
    assert text(closed.properties["DefaultSecurityGroupId"]) == f"<{vpc.logical_id}>"
    [log] = assembly.resources("AWS::EC2::FlowLog")
    assert (log.properties["TrafficType"], log.properties["LogDestinationType"]) == ("ALL", "s3")
    assert text(log.properties["ResourceId"]) == f"<{vpc.logical_id}>"
