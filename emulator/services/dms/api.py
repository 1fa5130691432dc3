"""DMS: endpoints, subnet groups, serverless replication configs and tags, which are recorded and start nothing.

`dms_replications` and `dms_tasks` start, stop and watch what a config or a task describes; `dms_runs` does it for both.

Source: AWS DMS API reference.
"""

from emulator.runtime import plugin
from emulator.runtime.plugin import Json
from emulator.services.dms import certificates, configs, endpoints, replications, runs, store, subnet_groups, tasks
from emulator.services.dms.store import keep_tags, saved, tags


def register() -> None:
    """Answer the recorded operations and keep their state."""
    plugin.operations(
        "dms",
        {
            "CreateEndpoint": endpoints.create_endpoint,
            "DescribeEndpoints": endpoints.describe_endpoints,
            "ModifyEndpoint": endpoints.modify_endpoint,
            "DeleteEndpoint": endpoints.delete_endpoint,
            "CreateReplicationSubnetGroup": subnet_groups.create_replication_subnet_group,
            "DescribeReplicationSubnetGroups": subnet_groups.describe_replication_subnet_groups,
            "ModifyReplicationSubnetGroup": subnet_groups.modify_replication_subnet_group,
            "DeleteReplicationSubnetGroup": subnet_groups.delete_replication_subnet_group,
            "CreateReplicationConfig": configs.create_replication_config,
            "DescribeReplicationConfigs": configs.describe_replication_configs,
            "ModifyReplicationConfig": configs.modify_replication_config,
            "DeleteReplicationConfig": configs.delete_replication_config,
            "AddTagsToResource": add_tags_to_resource,
            "RemoveTagsFromResource": remove_tags_from_resource,
            "ListTagsForResource": list_tags_for_resource,
        },
    )
    plugin.stores("dms", store.STORES)
    for module in (certificates, replications, runs, tasks):
        module.register()


def add_tags_to_resource(request: Json) -> Json:
    keep_tags(request["ResourceArn"], request)
    return saved({})


def remove_tags_from_resource(request: Json) -> Json:
    kept = tags.get(request["ResourceArn"], {})
    for key in request["TagKeys"]:
        kept.pop(key, None)
    return saved({})


def list_tags_for_resource(request: Json) -> Json:
    arns = request.get("ResourceArnList") or [request["ResourceArn"]]
    return {
        "TagList": [
            {"Key": key, "Value": value, "ResourceArn": arn} for arn in arns for key, value in tags.get(arn, {}).items()
        ]
    }
