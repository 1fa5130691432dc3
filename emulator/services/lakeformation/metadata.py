"""The metadata of a table as a caller with permissions on some columns gets it.

Source: Lake Formation developer guide, "Known issues for AWS Lake Formation", section "Limitation on filtering of table
metadata".
"""

from emulator.runtime.lake_caller import is_enforced
from emulator.runtime.plugin import Json
from emulator.services.lakeformation.model import Access
from emulator.services.lakeformation.store import columns_of

_SPARK_SCHEMA = "spark.sql.sources.schema"


def filtered(table: Json, access: Access) -> Json:
    """Return a table with the columns that a caller sees.

    Properties with Spark's own copy of the schema are left out, unless the caller may select every column. All other
    properties are returned as they are.
    """
    columns = columns_of(table)
    shown = table
    if not is_enforced():
        return table
    if not access.shown.issuperset(columns):
        shown = {
            **table,
            "StorageDescriptor": {
                **table["StorageDescriptor"],
                "Columns": _visible(table["StorageDescriptor"].get("Columns", []), access),
            },
            "PartitionKeys": _visible(table["PartitionKeys"], access),
        }
    if access.columns.keys() >= set(columns):
        return shown
    parameters = {
        name: value for name, value in table.get("Parameters", {}).items() if not name.startswith(_SPARK_SCHEMA)
    }
    return {**shown, "Parameters": parameters}


def filtered_partition(partition: Json, access: Access) -> Json:
    """Return a partition with the columns that a caller sees."""
    storage = partition.get("StorageDescriptor", {})
    if not is_enforced() or "Columns" not in storage:
        return partition
    return {**partition, "StorageDescriptor": {**storage, "Columns": _visible(storage["Columns"], access)}}


def _visible(columns: list[Json], access: Access) -> list[Json]:
    return [column for column in columns if column["Name"].lower() in access.shown]
