"""Network: private subnets, with endpoints only to the AWS services that are used from them."""

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

    The endpoint to S3 is always there, because it is free. Interface endpoints, which bill by the hour, are added for
    each `tenant`, and NAT gateways by the settings.

    Attributes:
        vpc: the owner of a source database attaches a peering, transit gateway or VPN to it.
    """

    def __init__(self, scope: Construct, *, names: Names, settings: Settings, flow_logs: s3.IBucket) -> None:
        super().__init__(scope, "network", names=names, description="Private network of the lakehouse")
        self._zones = settings.network.zones
        nat_gateways = settings.network.nat_gateways
        subnet_type = ec2.SubnetType.PRIVATE_WITH_EGRESS if nat_gateways else ec2.SubnetType.PRIVATE_ISOLATED
        subnets = [ec2.SubnetConfiguration(name=PRIVATE, subnet_type=subnet_type, cidr_mask=24)]
        if nat_gateways:  # only NAT gateways are in public subnets
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
        """The zones of the settings, or the region's first two, which CloudFormation finds.

        The CDK's own look-up would call AWS at synth.
        """
        return [*self._zones] if self._zones else [Fn.select(index, Fn.get_azs()) for index in range(ZONES)]

    @property
    def private_subnets(self) -> list[ec2.ISubnet]:
        """The two subnets, one in each zone, where everything runs."""
        return self.vpc.select_subnets(subnet_group_name=PRIVATE).subnets

    def tenant(
        self, construct_id: str, *, description: str, services: Iterable[ec2.InterfaceVpcEndpointAwsService]
    ) -> ec2.SecurityGroup:
        """Add a security group for a component in the private subnets, with access to the AWS services that it uses.

        Args:
            construct_id: identifies the group in this stack.
            description: what the component is, and who may connect to it.
            services: AWS services that it calls in addition to S3; tenants share the endpoint of a service.

        Returns:
            A group without ingress; its egress is limited only by the routes of its subnets.
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
