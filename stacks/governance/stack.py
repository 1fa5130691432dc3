"""Governance: Lake Formation decides who reads which column, by LF-Tags on columns and grants to roles.

It is deployed before the databases. Until its settings are active, Lake Formation gives every principal that IAM allows
access to new databases and tables, and they keep that access.
"""

from collections.abc import Sequence

from aws_cdk import DefaultStackSynthesizer
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lakeformation as lf
from constructs import Construct

from lakehouse.contracts.model import Contract
from lakehouse.governance import tags
from lakehouse.governance.grants import of_erasure, of_operator, of_people, of_tables
from lakehouse.governance.roles import OPERATOR, ROLES, Role
from lakehouse.names import Names
from stacks.governance.lake_locations import add_lake_locations
from stacks.iam.erasure import ERASURE_HOURS, WHY_ERASURE_WILDCARDS, erasure_statements
from stacks.iam.operator import OPERATOR_HOURS, WHY_OPERATOR_WILDCARDS, operator_statements
from stacks.iam.people import WHY_PEOPLE_WILDCARDS, people_statements, trusted_people
from stacks.iam.roles import add_role
from stacks.iam.tables import WHY_TABLE_WILDCARDS, table_statements, trusted_with_pipelines
from stacks.iam.tag_grants import grant
from stacks.settings import Settings
from stacks.stack import LakehouseStack


class Governance(LakehouseStack):
    """Settings of the data lake, its LF-Tags and locations, and the roles that people assume.

    Args:
        contracts: the datasets, whose domains are values of an LF-Tag.

    Attributes:
        lf_tags: every LF-Tag with all its values.
    """

    def __init__(
        self, scope: Construct, *, names: Names, settings: Settings, key: kms.IKey, contracts: Sequence[Contract]
    ) -> None:
        super().__init__(scope, "governance", names=names, description="Access of roles to the data of the lakehouse")
        self._admins = settings.governance.admins
        self.lf_tags = tags.values(contracts)
        lake = self._data_lake_settings()
        needed: list[Construct] = []
        for name, values in self.lf_tags.items():
            tag = lf.CfnTag(self, f"Tag{name.title()}", catalog_id=self.account, tag_key=name, tag_values=list(values))
            self.change_lake(tag)
            needed.append(tag)
        needed += add_lake_locations(self, key=key)
        for construct in needed:
            construct.node.add_dependency(lake)
        for role in ROLES.values():
            person, _ = add_role(
                self,
                role.name.title(),
                name=names.role(role.name),
                description=f"People who are {role.name}s",
                trusted=trusted_people(self, settings.governance),
                statements=self._statements(role, contracts=contracts, key=key),
                why_wildcards=WHY_PEOPLE_WILDCARDS if role is not OPERATOR else WHY_OPERATOR_WILDCARDS,
                session_hours=OPERATOR_HOURS if role is OPERATOR else 1,
            )
            grant(self, person, of_operator() if role is OPERATOR else of_people(role))
            person.node.add_dependency(*needed)
        keeper, _ = add_role(
            self,
            "Tables",
            name=names.tables_role,
            description="lakehouse tables apply: creates, changes and classifies tables",
            trusted=trusted_with_pipelines(self, settings.governance),
            statements=table_statements(self, key=key),
            why_wildcards=WHY_TABLE_WILDCARDS,
        )
        grant(self, keeper, of_tables(self.lf_tags))
        keeper.node.add_dependency(*needed)
        eraser, _ = add_role(
            self,
            "Erasure",
            name=names.erasure_role,
            description="lakehouse erase: deletes a person from all zones, old versions included",
            trusted=trusted_people(self, settings.governance),
            statements=erasure_statements(self, key=key),
            why_wildcards=WHY_ERASURE_WILDCARDS,
            session_hours=ERASURE_HOURS,
        )
        grant(self, eraser, of_erasure())
        eraser.node.add_dependency(*needed)

    def _statements(self, role: Role, *, contracts: Sequence[Contract], key: kms.IKey) -> list[iam.PolicyStatement]:
        """Return what people of a role may do: query, and operators also what the runbooks ask of them."""
        statements = people_statements(self, role, key=key)
        return (
            [*statements, *operator_statements(self, contracts=contracts, key=key)] if role is OPERATOR else statements
        )

    def _data_lake_settings(self) -> lf.CfnDataLakeSettings:
        """Make CloudFormation an administrator of the lake: grants are in templates, and IAM alone gives no access."""
        admins = [self._cloudformation, *self._admins]
        return lf.CfnDataLakeSettings(
            self,
            "Settings",
            admins=[
                lf.CfnDataLakeSettings.DataLakePrincipalProperty(data_lake_principal_identifier=arn) for arn in admins
            ],
            create_database_default_permissions=[],
            create_table_default_permissions=[],
            mutation_type="REPLACE",
            # Replaced settings lose what they do not name; this is the value of a new account.
            parameters={"CROSS_ACCOUNT_VERSION": "4"},
        )

    @property
    def _cloudformation(self) -> str:
        """ARN of the role with which CloudFormation deploys, created by `cdk bootstrap`."""
        synthesizer = self.synthesizer
        assert isinstance(synthesizer, DefaultStackSynthesizer)
        arn = synthesizer.cloud_formation_execution_role_arn.replace("${AWS::Partition}", self.partition)
        return arn.replace("${AWS::AccountId}", self.account).replace("${AWS::Region}", self.region)
