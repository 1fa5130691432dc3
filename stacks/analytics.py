"""Analytics: the Athena workgroup, and queries that show what the lakehouse can answer."""

from pathlib import Path
from string import Template

from aws_cdk import RemovalPolicy
from aws_cdk import aws_athena as athena
from aws_cdk import aws_kms as kms
from constructs import Construct

from lakehouse.names import Names, Zone
from stacks.settings import Settings
from stacks.stack import LakehouseStack

QUERIES = Path(__file__).parent / "queries"


class Analytics(LakehouseStack):
    """Workgroup `names.workgroup` and one named query for each file of `queries/`."""

    def __init__(self, scope: Construct, *, names: Names, settings: Settings, key: kms.IKey) -> None:
        super().__init__(scope, "analytics", names=names, description="Athena workgroup of the lakehouse")
        workgroup = athena.CfnWorkGroup(
            self,
            "Analysts",
            name=names.workgroup,
            description=f"Queries on {names.prefix}; a query that scans too much is cancelled",
            recursive_delete_option=settings.removal_policy is RemovalPolicy.DESTROY,
            work_group_configuration=athena.CfnWorkGroup.WorkGroupConfigurationProperty(
                enforce_work_group_configuration=True,
                publish_cloud_watch_metrics_enabled=True,
                bytes_scanned_cutoff_per_query=settings.scan_limit_bytes,
                engine_version=athena.CfnWorkGroup.EngineVersionProperty(
                    selected_engine_version="Athena engine version 3"
                ),
                result_configuration=athena.CfnWorkGroup.ResultConfigurationProperty(
                    output_location=names.results_uri,
                    expected_bucket_owner=self.account,
                    encryption_configuration=athena.CfnWorkGroup.EncryptionConfigurationProperty(
                        encryption_option="SSE_KMS", kms_key=key.key_arn
                    ),
                ),
            ),
        )
        databases = {zone: names.database(zone) for zone in Zone if zone is not Zone.STAGE} | {
            "ops": names.ops_database
        }
        for path in sorted(QUERIES.glob("*.sql")):
            description, _, sql = path.read_text().partition("\n")
            query = athena.CfnNamedQuery(
                self,
                path.stem,
                name=path.stem,
                description=description.removeprefix("-- "),
                database=names.database(Zone.CURATED),
                query_string=Template(sql).substitute(databases, ops=names.ops_database),
                work_group=names.workgroup,
            )
            query.node.add_dependency(workgroup)
