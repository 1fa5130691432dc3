"""Governance: Lake Formation decides who reads which column; LF-Tags say what a column is, grants what a role may see.

It comes before the databases: what is made while an account still lets IAM decide stays open to whoever IAM lets.
"""

from collections.abc import Sequence

from aws_cdk import DefaultStackSynthesizer
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lakeformation as lf
from constructs import Construct

from lakehouse.contract import Contract
from lakehouse.governance import tags
from lakehouse.governance.grants import of_people, of_tables
from lakehouse.governance.roles import ROLES
from lakehouse.names import Names, Zone
from stacks.acknowledge import acknowledge_wildcards
from stacks.people import WHY_WILDCARDS, people_statements, who_signs_in
from stacks.settings import Settings
from stacks.stack import LakehouseStack
from stacks.table_permissions import WHY_TABLE_WILDCARDS, table_statements, who_applies
from stacks.tag_grants import grant

GOVERNED = (Zone.RAW, Zone.INTEGRATION, Zone.CURATED)
LOCATION_ACTIONS = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"]


class Governance(LakehouseStack):
    """Settings of the data lake, its LF-Tags and locations, and the roles of people and of `lakehouse tables apply`.

    Args:
        contracts: the datasets, whose domains are values of an LF-Tag.

    Attributes:
        lf_tags: every LF-Tag with all its values.
    """

    def __init__(
        self, scope: Construct, *, names: Names, settings: Settings, key: kms.IKey, contracts: Sequence[Contract]
    ) -> None:
        super().__init__(scope, "governance", names=names, description="Who may see what in the lakehouse")
        self._settings, self._key = settings, key
        self.lf_tags = tags.values(contracts)
        lake = self._data_lake_settings()
        needed: list[Construct] = [
            lf.CfnTag(self, f"Tag{name.title()}", catalog_id=self.account, tag_key=name, tag_values=list(values))
            for name, values in self.lf_tags.items()
        ]
        needed += self._locations()
        self._let_cloudformation_place_databases(needed)
        for construct in needed:
            construct.node.add_dependency(lake)
        for role in ROLES.values():
            person = self._role(
                role.name.title(),
                name=names.role(role.name),
                description=f"People who are {role.name}s",
                trust=who_signs_in(self, settings.governance),
                statements=people_statements(self, role, key=key),
                why=WHY_WILDCARDS,
            )
            grant(self, person, of_people(role))
            person.node.add_dependency(*needed)
        applier = self._role(
            "Tables",
            name=names.tables_role,
            description="lakehouse tables apply: makes, changes and classifies tables",
            trust=who_applies(self),
            statements=table_statements(self, key=key),
            why=WHY_TABLE_WILDCARDS,
        )
        grant(self, applier, of_tables(self.lf_tags))
        applier.node.add_dependency(*needed)

    def _data_lake_settings(self) -> lf.CfnDataLakeSettings:
        """CloudFormation administers the lake: each grant is in a template, and nobody has what IAM alone gives."""
        admins = [self._cloudformation, *self._settings.governance.admins]
        settings = lf.CfnDataLakeSettings
        return settings(
            self,
            "Settings",
            admins=[settings.DataLakePrincipalProperty(data_lake_principal_identifier=arn) for arn in admins],
            create_database_default_permissions=[],
            create_table_default_permissions=[],
            mutation_type="REPLACE",
        )

    @property
    def _cloudformation(self) -> str:
        """ARN of the role that CloudFormation makes everything by, of the CDK's bootstrap."""
        synthesizer = self.synthesizer
        assert isinstance(synthesizer, DefaultStackSynthesizer)
        arn = synthesizer.cloud_formation_execution_role_arn.replace("${AWS::Partition}", self.partition)
        return arn.replace("${AWS::AccountId}", self.account).replace("${AWS::Region}", self.region)

    def _let_cloudformation_place_databases(self, needed: Sequence[Construct]) -> None:
        """An administrator of the lake may do so too only where somebody lets."""
        permissions = lf.CfnPrincipalPermissions
        for zone in GOVERNED:
            location = permissions.DataLocationResourceProperty(
                catalog_id=self.account, resource_arn=self.s3_arn(self.names.bucket(zone))
            )
            granted = permissions(
                self,
                f"Place{zone.title()}",
                catalog=self.account,
                principal=permissions.DataLakePrincipalProperty(data_lake_principal_identifier=self._cloudformation),
                resource=permissions.ResourceProperty(data_location=location),
                permissions=["DATA_LOCATION_ACCESS"],
                permissions_with_grant_option=[],
            )
            granted.node.add_dependency(*needed)

    def _locations(self) -> list[Construct]:
        """Buckets whose objects Lake Formation reads and writes for others, by a role that may use their key.

        Its service-linked role may not: whoever registers a location would have to change the key's policy for it.
        """
        buckets = [self.s3_arn(self.names.bucket(zone)) for zone in GOVERNED]
        role = self._role(
            "Locations",
            name=self.names.locations_role,
            description="Lake Formation reads and writes the zones for whom it lets",
            trust=iam.ServicePrincipal("lakeformation.amazonaws.com"),
            statements=[
                iam.PolicyStatement(
                    sid="Objects", actions=LOCATION_ACTIONS, resources=[f"{bucket}/*" for bucket in buckets]
                ),
                iam.PolicyStatement(
                    sid="Buckets", actions=["s3:ListBucket", "s3:GetBucketLocation"], resources=buckets
                ),
                iam.PolicyStatement(
                    sid="UseKey",
                    actions=["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:DescribeKey"],
                    resources=[self._key.key_arn],
                ),
            ],
            why="Tables come and go within the buckets of the zones.",
        )
        locations: list[Construct] = []
        for zone, bucket in zip(GOVERNED, buckets, strict=True):
            location = lf.CfnResource(
                self,
                f"Location{zone.title()}",
                resource_arn=bucket,
                role_arn=role.role_arn,
                use_service_linked_role=False,
                hybrid_access_enabled=False,
            )
            location.node.add_dependency(role)
            locations.append(location)
        return locations

    def _role(
        self,
        construct_id: str,
        *,
        name: str,
        description: str,
        trust: iam.IPrincipal,
        statements: list[iam.PolicyStatement],
        why: str,
    ) -> iam.Role:
        role = iam.Role(self, construct_id, role_name=name, description=description, assumed_by=trust)
        policy = iam.Policy(role, "Policy", statements=statements, roles=[role])
        acknowledge_wildcards(policy, statements, reason=why)
        return role
