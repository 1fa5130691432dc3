"""Network: a private place for what must run in one, with a way to the AWS services that it uses and to no other."""

from collections.abc import Iterable

from aws_cdk import Fn
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_s3 as s3
from constructs import Construct

from lakehouse.names import Names
from stacks.settings import Settings
from stacks.stack import LakehouseStack

PRIVATE, PUBLIC = "private", "public"
ZONES = 2


class Network(LakehouseStack):
    """VPC over two zones with a private subnet in each.

    It begins with the endpoint to S3, which is free. What bills by the hour exists because somebody asked for it:
    interface endpoints a `tenant`, NAT gateways the settings.

    Attributes:
        vpc: a source database is reached by a peering, transit gateway or VPN that its owner attaches to it.
    """

    def __init__(self, scope: Construct, *, names: Names, settings: Settings, flow_logs: s3.IBucket) -> None:
        super().__init__(scope, "network", names=names, description="Private network of the lakehouse")
        nat_gateways = settings.network.nat_gateways
        kind = ec2.SubnetType.PRIVATE_WITH_EGRESS if nat_gateways else ec2.SubnetType.PRIVATE_ISOLATED
        subnets = [ec2.SubnetConfiguration(name=PRIVATE, subnet_type=kind, cidr_mask=24)]
        if nat_gateways:  # they alone stand in public subnets
            subnets.append(
                ec2.SubnetConfiguration(
                    name=PUBLIC, subnet_type=ec2.SubnetType.PUBLIC, cidr_mask=28, map_public_ip_on_launch=False
                )
            )
        self.vpc = ec2.Vpc(
            self,
            "Vpc",
            vpc_name=names.prefix,
            max_azs=ZONES,
            nat_gateways=nat_gateways,
            restrict_default_security_group=True,
            subnet_configuration=subnets,
        )
        self.vpc.add_flow_log("FlowLog", destination=ec2.FlowLogDestination.to_s3(flow_logs, "vpc/"))
        self.vpc.add_gateway_endpoint("S3", service=ec2.GatewayVpcEndpointAwsService.S3)
        self._endpoints: dict[str, ec2.InterfaceVpcEndpoint] = {}

    @property
    def availability_zones(self) -> list[str]:
        """The region's first two zones, found by CloudFormation: the CDK's own look-up would call AWS at synth."""
        return [Fn.select(index, Fn.get_azs()) for index in range(ZONES)]

    @property
    def private_subnets(self) -> list[ec2.ISubnet]:
        """The two subnets, one a zone, where everything runs."""
        return self.vpc.select_subnets(subnet_group_name=PRIVATE).subnets

    def tenant(
        self, construct_id: str, *, description: str, services: Iterable[ec2.InterfaceVpcEndpointAwsService]
    ) -> ec2.SecurityGroup:
        """A security group for something that runs in the private subnets, let in to the AWS services that it uses.

        Args:
            construct_id: names it within this stack.
            description: what it is and who may connect to it.
            services: AWS services that it calls beside S3; tenants share the endpoint of a service.

        Returns:
            A group that nobody may connect to; it reaches what its subnets have a route to.
        """
        group = ec2.SecurityGroup(self, construct_id, vpc=self.vpc, description=description)
        for service in services:
            self._endpoint(service).connections.allow_default_port_from(group)
        return group

    def _endpoint(self, service: ec2.InterfaceVpcEndpointAwsService) -> ec2.InterfaceVpcEndpoint:
        name = service.short_name
        if name not in self._endpoints:
            construct_id = name.title().replace("-", "").replace(".", "")
            self._endpoints[name] = self.vpc.add_interface_endpoint(
                construct_id,
                service=service,
                subnets=ec2.SubnetSelection(subnet_group_name=PRIVATE),
                open=False,
            )
        return self._endpoints[name]
