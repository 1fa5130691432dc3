"""LF-Tags of databases and grants to roles, as CloudFormation resources; a grant is in the stack of its role."""

from collections.abc import Iterator, Sequence

from aws_cdk import aws_iam as iam
from aws_cdk import aws_lakeformation as lf
from constructs import Construct

from lakehouse.governance.grants import Grants
from lakehouse.governance.tags import Area, of_database
from stacks.stack import LakehouseStack

Permissions = lf.CfnPrincipalPermissions


def tag_database(stack: LakehouseStack, area: Area, *, database: Construct) -> None:
    """Assign the LF-Tags of an area to its database."""
    association = lf.CfnTagAssociation(
        stack,
        f"{area.title()}Tags",
        resource=lf.CfnTagAssociation.ResourceProperty(
            database=lf.CfnTagAssociation.DatabaseResourceProperty(
                catalog_id=stack.account, name=area.database(stack.names)
            )
        ),
        lf_tags=[
            lf.CfnTagAssociation.LFTagPairProperty(catalog_id=stack.account, tag_key=key, tag_values=[value])
            for key, value in of_database(area).items()
        ],
    )
    association.node.add_dependency(database)
    stack.change_lake(association)


def grant(stack: LakehouseStack, role: iam.Role, grants: Grants) -> None:
    """Grant permissions of Lake Formation to a role.

    Args:
        stack: the stack of the role; it is deployed after governance.
        role: the role.
        grants: the permissions.
    """
    catalog = stack.account
    principal = Permissions.DataLakePrincipalProperty(data_lake_principal_identifier=role.role_arn)
    for construct_id, resource, permissions, grantable in _resources(stack, grants):
        stack.change_lake(
            Permissions(
                role,
                construct_id,
                catalog=catalog,
                principal=principal,
                resource=resource,
                permissions=list(permissions),
                permissions_with_grant_option=list(grantable),
            )
        )


def _resources(
    stack: LakehouseStack, grants: Grants
) -> Iterator[tuple[str, Permissions.ResourceProperty, Sequence[str], Sequence[str]]]:
    account = stack.account
    for number, tag_grant in enumerate(grants.by_tag):
        policy = Permissions.LFTagPolicyResourceProperty(
            catalog_id=account,
            resource_type=tag_grant.on,
            expression=[
                Permissions.LFTagProperty(tag_key=key, tag_values=list(values))
                for key, values in tag_grant.tags.items()
            ],
        )
        resource = Permissions.ResourceProperty(lf_tag_policy=policy)
        yield f"Grant{number}", resource, tag_grant.permissions, tag_grant.grantable
    for zone in grants.locations:
        location = Permissions.DataLocationResourceProperty(
            catalog_id=account, resource_arn=stack.s3_arn(stack.names.bucket(zone))
        )
        yield f"Place{zone.title()}", Permissions.ResourceProperty(data_location=location), ["DATA_LOCATION_ACCESS"], []
    for key, values in grants.gives.items():
        pair = Permissions.LFTagKeyResourceProperty(catalog_id=account, tag_key=key, tag_values=list(values))
        yield f"Tag{key.title()}", Permissions.ResourceProperty(lf_tag=pair), ["ASSOCIATE", "DESCRIBE"], []
