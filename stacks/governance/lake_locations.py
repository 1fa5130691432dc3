"""The buckets that Lake Formation reads and writes for other roles, with a role that may use their key.

The service-linked role of Lake Formation may not use the key without a change of the key's policy.

CloudFormation's role makes databases in these buckets. It is an administrator of the lake, who may use all locations
and gets no grant: an explicit grant to an administrator may fail to be revoked (terraform-provider-aws, issue 35160).
Source: Lake Formation developer guide, "Implicit Lake Formation permissions".
"""

from aws_cdk import aws_kms as kms
from aws_cdk import aws_lakeformation as lf
from constructs import Construct

from lakehouse.names import Zone
from stacks.iam.lake import location_statements
from stacks.iam.roles import add_role, trusted_service
from stacks.stack import LakehouseStack

ZONES = (Zone.RAW, Zone.INTEGRATION, Zone.CURATED)


def add_lake_locations(stack: LakehouseStack, *, key: kms.IKey) -> list[Construct]:
    """Register the buckets of the zones with tables.

    Args:
        stack: the stack of governance.
        key: the key of the buckets.

    Returns:
        The locations, which grants on them have to wait for.
    """
    buckets = {zone: stack.s3_arn(stack.names.bucket(zone)) for zone in ZONES}
    role, _ = add_role(
        stack,
        "Locations",
        name=stack.names.locations_role,
        description="Lake Formation reads and writes the zones for roles with grants",
        trusted=trusted_service(stack, "lakeformation"),
        statements=location_statements(list(buckets.values()), key=key),
        why_wildcards="Tables come and go within the buckets of the zones.",
    )
    locations: list[Construct] = []
    for zone, bucket in buckets.items():
        location = lf.CfnResource(
            stack,
            f"Location{zone.title()}",
            resource_arn=bucket,
            role_arn=role.role_arn,
            use_service_linked_role=False,
            hybrid_access_enabled=False,
        )
        location.node.add_dependency(role)
        locations.append(location)
    return locations
