"""Analytics: an Athena workgroup for each role, and named queries as examples."""

from pathlib import Path
from string import Template

from aws_cdk import RemovalPolicy
from aws_cdk import aws_athena as athena
from aws_cdk import aws_kms as kms
from constructs import Construct

from lakehouse.governance.roles import ROLES
from lakehouse.governance.tags import Area
from lakehouse.names import Names, Zone
from stacks.settings import Settings
from stacks.stack import LakehouseStack

QUERIES = Path(__file__).parent / "queries"


class Analytics(LakehouseStack):
    """A workgroup for each role of people and for dbt, and one named query for each file of `queries/<role>/`.

    A role that may read the results of a workgroup may read them all, so roles share no workgroup.
    """

    def __init__(self, scope: Construct, *, names: Names, settings: Settings, key: kms.IKey) -> None:
        super().__init__(scope, "analytics", names=names, description="Athena workgroups of the lakehouse")
        self._settings, self._key = settings, key
        self._workgroup("Dbt", name=names.dbt_workgroup, description="dbt builds the curated zone")
        for role in ROLES.values():
            workgroup = self._workgroup(
                f"{role.name.title()}s",
                name=names.workgroup_of(role.name),
                description=f"Queries of {role.name}s; one that scans too much is cancelled",
            )
            for path in sorted(QUERIES.glob(f"{role.name}/*.sql")):
                description, _, sql = path.read_text().partition("\n")
                query = athena.CfnNamedQuery(
                    self,
                    path.stem,
                    name=path.stem,
                    description=description.removeprefix("-- "),
                    database=role.database(names),
                    query_string=Template(sql).substitute(words(names)),
                    work_group=workgroup.name,
                )
                query.node.add_dependency(workgroup)

    def _workgroup(self, construct_id: str, *, name: str, description: str) -> athena.CfnWorkGroup:
        return athena.CfnWorkGroup(
            self,
            construct_id,
            name=name,
            description=description,
            recursive_delete_option=self._settings.removal_policy is RemovalPolicy.DESTROY,
            work_group_configuration=athena.CfnWorkGroup.WorkGroupConfigurationProperty(
                enforce_work_group_configuration=True,
                publish_cloud_watch_metrics_enabled=True,
                bytes_scanned_cutoff_per_query=self._settings.scan_limit_bytes,
                engine_version=athena.CfnWorkGroup.EngineVersionProperty(
                    selected_engine_version="Athena engine version 3"
                ),
                result_configuration=athena.CfnWorkGroup.ResultConfigurationProperty(
                    output_location=self.names.results_uri(name),
                    expected_bucket_owner=self.account,
                    encryption_configuration=athena.CfnWorkGroup.EncryptionConfigurationProperty(
                        encryption_option="SSE_KMS", kms_key=self._key.key_arn
                    ),
                ),
            ),
        )


def words(names: Names) -> dict[str, str]:
    """Return the value of each `$name` in the files of `queries/`."""
    return {area.value: area.database(names) for area in Area} | {
        "analyst_role": names.role("analyst"),
        "integration_bucket": names.bucket(Zone.INTEGRATION),
        "locations_role": names.locations_role,
    }
