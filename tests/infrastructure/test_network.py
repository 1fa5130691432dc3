"""The network: private, over two zones, with a way to S3 and to what its tenants use and to nothing else."""

from dataclasses import replace
from pathlib import Path

import pytest
from aws_cdk import App, Validations
from aws_cdk import aws_ec2 as ec2
from cdk_nag import AwsSolutionsChecks

from lakehouse.names import Names
from stacks.network.stack import Network
from stacks.settings import Settings, settings_of
from stacks.storage.stack import Storage
from tests.support.templates.assembly import Assembly, text
from tests.support.templates.synthesis import CONTEXT

SERVICES = ec2.InterfaceVpcEndpointAwsService


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


def network(outdir: Path, names: Names, settings: Settings, tenants: dict[str, list[SERVICES]]) -> Assembly:
    """A network and its tenants, each with the services that it uses."""
    app = App(context=CONTEXT, outdir=str(outdir))
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    storage = Storage(app, names=names, settings=settings)
    made = Network(app, names=names, settings=settings, flow_logs=storage.access_logs)
    for tenant, services in tenants.items():
        made.tenant(tenant, description=tenant, services=services)
    app.synth()
    return Assembly(outdir)


def test_without_tenants_nothing_of_it_bills_by_the_hour(names: Names, tmp_path: Path) -> None:
    found = network(tmp_path, names, settings_of("prod"), tenants={})
    endpoints = [item.properties["VpcEndpointType"] for item in found.resources("AWS::EC2::VPCEndpoint")]
    assert endpoints == ["Gateway"]


def test_tenants_share_the_endpoint_of_a_service_and_are_let_in_one_by_one(names: Names, tmp_path: Path) -> None:
    tenants = {"One": [SERVICES.SECRETS_MANAGER], "Two": [SERVICES.SECRETS_MANAGER, SERVICES.CLOUDWATCH_LOGS]}
    found = network(tmp_path, names, settings_of("prod"), tenants)
    services = [text(item.properties["ServiceName"]) for item in found.resources("AWS::EC2::VPCEndpoint")]
    assert sorted(name.rpartition(".")[2] for name in services) == ["logs", "s3", "secretsmanager"]
    rules = found.resources("AWS::EC2::SecurityGroupIngress")
    assert [(rule.properties["FromPort"], rule.properties["ToPort"]) for rule in rules] == [(443, 443)] * 3
    sources = sorted(text(rule.properties["SourceSecurityGroupId"])[1:4] for rule in rules)
    assert sources == ["One", "Two", "Two"]


def test_subnets_are_in_the_zones_of_the_settings(names: Names, tmp_path: Path) -> None:
    settings = settings_of("prod")
    settings = replace(settings, network=replace(settings.network, zones=("us-east-1b", "us-east-1d")))
    found = network(tmp_path, names, settings, tenants={})
    zones = [subnet.properties["AvailabilityZone"] for subnet in found.resources("AWS::EC2::Subnet")]
    assert zones == ["us-east-1b", "us-east-1d"]


@pytest.mark.parametrize("gateways", [1, 2])
def test_a_way_out_stands_only_where_the_settings_ask(names: Names, tmp_path: Path, gateways: int) -> None:
    settings = settings_of("prod")
    settings = replace(settings, network=replace(settings.network, nat_gateways=gateways))
    found = network(tmp_path, names, settings, tenants={})
    assert len(found.resources("AWS::EC2::NatGateway")) == gateways
    assert len(found.resources("AWS::EC2::Subnet")) == 4
    for subnet in found.resources("AWS::EC2::Subnet"):
        assert subnet.properties["MapPublicIpOnLaunch"] is False
