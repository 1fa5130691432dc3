"""Catalog: the Glue databases; `lakehouse tables apply` creates the tables."""

from aws_cdk import aws_glue as glue
from constructs import Construct

from lakehouse.governance.tags import Area
from lakehouse.names import Names, Zone
from stacks.iam.tag_grants import tag_database
from stacks.stack import LakehouseStack


class Catalog(LakehouseStack):
    """One Glue database for each zone with tables, and one for ops."""

    def __init__(self, scope: Construct, *, names: Names) -> None:
        super().__init__(scope, "catalog", names=names, description="Databases of the lakehouse")
        for area, location, description in (
            (
                Area.RAW,
                names.database_location(Zone.RAW),
                "Every received record once: typed, or rejected with its reasons",
            ),
            (Area.INTEGRATION, names.database_location(Zone.INTEGRATION), "The current state of each dataset"),
            (Area.CURATED, names.database_location(Zone.CURATED), "Star schema and marts for analysts"),
            (Area.OPS, names.ops_location(""), "Batches, quality results and lineage"),
        ):
            database = glue.CfnDatabase(
                self,
                area.title(),
                catalog_id=self.account,
                database_input=glue.CfnDatabase.DatabaseInputProperty(
                    name=area.database(names),
                    description=description,
                    location_uri=location,
                    # Otherwise every principal that IAM allows could use each new table.
                    create_table_default_permissions=[],
                ),
            )
            tag_database(self, area, database=database)
