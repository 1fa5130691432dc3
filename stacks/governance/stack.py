"""Governance: Lake Formation decides who reads which column; LF-Tags say what a column is, grants what a role may see.

It comes before the databases: what is made while an account still lets IAM decide stays open to whoever IAM lets.
"""

from collections.abc import Sequence

from aws_cdk import DefaultStackSynthesizer
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lakeformation as lf
from constructs import Construct

from lakehouse.contracts.model import Contract
from lakehouse.governance import tags
from lakehouse.governance.grants import of_erasure, of_people, of_tables
from lakehouse.governance.roles import ROLES
from lakehouse.names import Names
from stacks.governance.lake_locations import lake_locations, let_place_databases
from stacks.iam.erasure import ERASURE_HOURS, WHY_ERASURE_WILDCARDS, erasure_statements
from stacks.iam.governed_role import governed_role
from stacks.iam.people import WHY_WILDCARDS, people_statements, who_signs_in
from stacks.iam.tables import WHY_TABLE_WILDCARDS, table_statements, who_applies
from stacks.iam.tag_grants import grant
from stacks.settings import Settings
from stacks.stack import LakehouseStack


class Governance(LakehouseStack):
    """Settings of the data lake, its LF-Tags and locations, and the roles that people take.

    Args:
        contracts: the datasets, whose domains are values of an LF-Tag.

    Attributes:
        lf_tags: every LF-Tag with all its values.
    """

    def __init__(
        self, scope: Construct, *, names: Names, settings: Settings, key: kms.IKey, contracts: Sequence[Contract]
    ) -> None:
        super().__init__(scope, "governance", names=names, description="Who may see what in the lakehouse")
        self._admins = settings.governance.admins
        self.lf_tags = tags.values(contracts)
        lake = self._data_lake_settings()
        needed: list[Construct] = [
            lf.CfnTag(self, f"Tag{name.title()}", catalog_id=self.account, tag_key=name, tag_values=list(values))
            for name, values in self.lf_tags.items()
        ]
        needed += lake_locations(self, key=key)
        for construct in needed:
            construct.node.add_dependency(lake)
        for placing in let_place_databases(self, self._cloudformation):
            placing.node.add_dependency(*needed)
        for role in ROLES.values():
            person = governed_role(
                self,
                role.name.title(),
                name=names.role(role.name),
                description=f"People who are {role.name}s",
                trust=who_signs_in(self, settings.governance),
                statements=people_statements(self, role, key=key),
                why=WHY_WILDCARDS,
            )
            grant(self, person, of_people(role))
            person.node.add_dependency(*needed)
        applier = governed_role(
            self,
            "Tables",
            name=names.tables_role,
            description="lakehouse tables apply: makes, changes and classifies tables",
            trust=who_applies(self),
            statements=table_statements(self, key=key),
            why=WHY_TABLE_WILDCARDS,
        )
        grant(self, applier, of_tables(self.lf_tags))
        applier.node.add_dependency(*needed)
        eraser = governed_role(
            self,
            "Erasure",
            name=names.erasure_role,
            description="lakehouse erase: takes a person out of all zones, old versions included",
            trust=who_signs_in(self, settings.governance),
            statements=erasure_statements(self, key=key),
            why=WHY_ERASURE_WILDCARDS,
            hours=ERASURE_HOURS,
        )
        grant(self, eraser, of_erasure())
        eraser.node.add_dependency(*needed)

    def _data_lake_settings(self) -> lf.CfnDataLakeSettings:
        """CloudFormation administers the lake: each grant is in a template, and nobody has what IAM alone gives."""
        admins = [self._cloudformation, *self._admins]
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
