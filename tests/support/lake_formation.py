"""Tags of a table and grants of a role from Lake Formation's API, in the form of `tests.support.tag_based_access`."""

from typing import Any

import boto3

from tests.support import tag_based_access


def in_catalog(client: Any, database: str, name: str) -> tag_based_access.Table:
    """A table with its own tags, its columns' and its database's."""
    place = {"DatabaseName": database, "Name": name}
    tags = client.get_resource_lf_tags(Resource={"Table": place}, ShowAssignedLFTags=True)
    own = {column["Name"]: _values(column["LFTags"]) for column in tags["LFTagsOnColumns"]}
    table = boto3.client("glue").get_table(DatabaseName=database, Name=name)["Table"]
    return tag_based_access.Table(
        database=database,
        name=name,
        inherited=_values(tags["LFTagOnDatabase"]),
        tags=_values(tags["LFTagsOnTable"]),
        columns={column["Name"]: own.get(column["Name"], {}) for column in table["StorageDescriptor"]["Columns"]},
        filters={
            item["Name"]: frozenset(item["ColumnNames"])
            for item in client.list_data_cells_filter(Table=place)["DataCellsFilters"]
        },
    )


def granted_to(client: Any, role: str) -> list[dict[str, Any]]:
    """Everything that a role was granted."""
    everything: list[dict[str, Any]] = client.list_permissions()["PrincipalResourcePermissions"]
    return [item for item in everything if item["Principal"]["DataLakePrincipalIdentifier"].endswith(f":role/{role}")]


def _values(pairs: list[dict[str, Any]]) -> dict[str, str]:
    return {pair["TagKey"]: pair["TagValues"][0] for pair in pairs}
