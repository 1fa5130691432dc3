"""The buckets that Lake Formation reads and writes for others, by a role that may use their key.

Its service-linked role may not: whoever registers a location would have to change the key's policy for it.
"""

from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lakeformation as lf
from constructs import Construct

from lakehouse.names import Zone
from stacks.iam.governed_role import governed_role
from stacks.stack import LakehouseStack

ZONES = (Zone.RAW, Zone.INTEGRATION, Zone.CURATED)
ACTIONS = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"]


def lake_locations(stack: LakehouseStack, *, key: kms.IKey) -> list[Construct]:
    """Register the buckets of the zones that hold tables.

    Args:
        stack: the stack of governance.
        key: the key of the buckets.

    Returns:
        What must be there before anything is granted on them.
    """
    buckets = {zone: stack.s3_arn(stack.names.bucket(zone)) for zone in ZONES}
    role = governed_role(
        stack,
        "Locations",
        name=stack.names.locations_role,
        description="Lake Formation reads and writes the zones for whom it lets",
        trust=iam.ServicePrincipal("lakeformation.amazonaws.com"),
        statements=[
            iam.PolicyStatement(
                sid="Objects", actions=ACTIONS, resources=[f"{bucket}/*" for bucket in buckets.values()]
            ),
            iam.PolicyStatement(
                sid="Buckets", actions=["s3:ListBucket", "s3:GetBucketLocation"], resources=[*buckets.values()]
            ),
            iam.PolicyStatement(
                sid="UseKey",
                actions=["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:DescribeKey"],
                resources=[key.key_arn],
            ),
        ],
        why="Tables come and go within the buckets of the zones.",
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


def let_place_databases(stack: LakehouseStack, principal: str) -> list[Construct]:
    """Let CloudFormation's role make databases there: an administrator of the lake may only where somebody lets.

    Args:
        stack: the stack of governance.
        principal: ARN of the role.
    """
    permissions = lf.CfnPrincipalPermissions
    return [
        permissions(
            stack,
            f"Place{zone.title()}",
            catalog=stack.account,
            principal=permissions.DataLakePrincipalProperty(data_lake_principal_identifier=principal),
            resource=permissions.ResourceProperty(
                data_location=permissions.DataLocationResourceProperty(
                    catalog_id=stack.account, resource_arn=stack.s3_arn(stack.names.bucket(zone))
                )
            ),
            permissions=["DATA_LOCATION_ACCESS"],
            permissions_with_grant_option=[],
        )
        for zone in ZONES
    ]
