"""Catalog: the Glue databases. Their tables are migrations: `lakehouse tables apply` owns them."""

from aws_cdk import aws_glue as glue
from constructs import Construct

from lakehouse.names import Names, Zone
from stacks.stack import LakehouseStack


class Catalog(LakehouseStack):
    """One Glue database for each zone that holds tables, and one for what the lakehouse says of itself."""

    def __init__(self, scope: Construct, *, names: Names) -> None:
        super().__init__(scope, "catalog", names=names, description="Databases of the lakehouse")
        descriptions = {
            Zone.RAW: "Every record received, once: typed, or refused with its reasons",
            Zone.INTEGRATION: "The current state of each entity",
            Zone.CURATED: "Star schema and marts for analysts",
        }
        for zone, description in descriptions.items():
            glue.CfnDatabase(
                self,
                zone.title(),
                catalog_id=self.account,
                database_input=glue.CfnDatabase.DatabaseInputProperty(
                    name=names.database(zone),
                    description=description,
                    location_uri=names.database_location(zone),
                ),
            )
        glue.CfnDatabase(
            self,
            "Ops",
            catalog_id=self.account,
            database_input=glue.CfnDatabase.DatabaseInputProperty(
                name=names.ops_database,
                description="Batches, quality results and lineage",
                location_uri=names.ops_location(""),
            ),
        )
