"""Network: a private place for what must reach a source system, without a way to the internet."""

from aws_cdk import Fn
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_s3 as s3
from constructs import Construct

from lakehouse.names import Names
from stacks.stack import LakehouseStack


class Network(LakehouseStack):
    """VPC over two zones with isolated subnets and the endpoints that DMS needs there.

    Attributes:
        vpc: a source database is reached by a peering, transit gateway or VPN that its owner attaches to it.
        replications: security group of the DMS replications.
    """

    def __init__(self, scope: Construct, *, names: Names, flow_logs: s3.IBucket) -> None:
        super().__init__(scope, "network", names=names, description="Private network of the lakehouse")
        self.vpc = ec2.Vpc(
            self,
            "Vpc",
            vpc_name=names.prefix,
            max_azs=2,
            nat_gateways=0,
            restrict_default_security_group=True,
            subnet_configuration=[
                ec2.SubnetConfiguration(name="isolated", subnet_type=ec2.SubnetType.PRIVATE_ISOLATED, cidr_mask=24)
            ],
        )
        self.vpc.add_flow_log("FlowLog", destination=ec2.FlowLogDestination.to_s3(flow_logs, "vpc/"))
        self.vpc.add_gateway_endpoint("S3", service=ec2.GatewayVpcEndpointAwsService.S3)
        self.replications = ec2.SecurityGroup(
            self,
            "Replications",
            vpc=self.vpc,
            description="DMS: no one connects to it; it reaches what its subnets have a route to",
        )
        secrets = self.vpc.add_interface_endpoint(
            "Secrets", service=ec2.InterfaceVpcEndpointAwsService.SECRETS_MANAGER, open=False
        )
        secrets.connections.allow_default_port_from(self.replications)

    @property
    def availability_zones(self) -> list[str]:
        """The region's first two zones, found by CloudFormation: the CDK's own look-up would call AWS at synth."""
        return [Fn.select(index, Fn.get_azs()) for index in range(2)]
