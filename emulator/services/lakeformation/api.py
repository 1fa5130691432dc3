"""Lake Formation: everything that the lakehouse says of access is recorded and can be read back; see its package."""

from emulator.runtime import plugin
from emulator.runtime.plugin import Operation
from emulator.services.lakeformation import filters, locations, permissions, store, tags

OPERATIONS: dict[str, Operation] = {
    "GetDataLakeSettings": locations.get_data_lake_settings,
    "PutDataLakeSettings": locations.put_data_lake_settings,
    "RegisterResource": locations.register_resource,
    "UpdateResource": locations.update_resource,
    "DeregisterResource": locations.deregister_resource,
    "DescribeResource": locations.describe_resource,
    "ListResources": locations.list_resources,
    "CreateLFTag": tags.create_lf_tag,
    "GetLFTag": tags.get_lf_tag,
    "ListLFTags": tags.list_lf_tags,
    "UpdateLFTag": tags.update_lf_tag,
    "DeleteLFTag": tags.delete_lf_tag,
    "AddLFTagsToResource": tags.add_lf_tags_to_resource,
    "RemoveLFTagsFromResource": tags.remove_lf_tags_from_resource,
    "GetResourceLFTags": tags.get_resource_lf_tags,
    "GrantPermissions": permissions.grant_permissions,
    "RevokePermissions": permissions.revoke_permissions,
    "BatchGrantPermissions": permissions.batch_grant_permissions,
    "BatchRevokePermissions": permissions.batch_revoke_permissions,
    "ListPermissions": permissions.list_permissions,
    "CreateDataCellsFilter": filters.create_data_cells_filter,
    "UpdateDataCellsFilter": filters.update_data_cells_filter,
    "GetDataCellsFilter": filters.get_data_cells_filter,
    "ListDataCellsFilter": filters.list_data_cells_filter,
    "DeleteDataCellsFilter": filters.delete_data_cells_filter,
}


def register() -> None:
    """Answer these operations and keep their state."""
    plugin.operations("lakeformation", OPERATIONS)
    plugin.stores(store.STATE, store.STORES)
