"""DMS: endpoints, subnet groups, serverless replication configs and tags, which are recorded and start nothing.

`dms_replications` and `dms_tasks` start, stop and watch what a config or a task describes; `dms_runs` does it for both.

Source: AWS DMS API reference.
"""

from local import plugin
from local.aws import dms_configs, dms_endpoints, dms_store, dms_subnet_groups
from local.aws.dms_store import keep_tags, saved, tags
from local.plugin import Json


def register() -> None:
    """Answer the recorded operations and keep their state."""
    plugin.operations(
        "dms",
        {
            "CreateEndpoint": dms_endpoints.create_endpoint,
            "DescribeEndpoints": dms_endpoints.describe_endpoints,
            "ModifyEndpoint": dms_endpoints.modify_endpoint,
            "DeleteEndpoint": dms_endpoints.delete_endpoint,
            "CreateReplicationSubnetGroup": dms_subnet_groups.create_replication_subnet_group,
            "DescribeReplicationSubnetGroups": dms_subnet_groups.describe_replication_subnet_groups,
            "ModifyReplicationSubnetGroup": dms_subnet_groups.modify_replication_subnet_group,
            "DeleteReplicationSubnetGroup": dms_subnet_groups.delete_replication_subnet_group,
            "CreateReplicationConfig": dms_configs.create_replication_config,
            "DescribeReplicationConfigs": dms_configs.describe_replication_configs,
            "ModifyReplicationConfig": dms_configs.modify_replication_config,
            "DeleteReplicationConfig": dms_configs.delete_replication_config,
            "AddTagsToResource": add_tags_to_resource,
            "RemoveTagsFromResource": remove_tags_from_resource,
            "ListTagsForResource": list_tags_for_resource,
        },
    )
    plugin.stores("dms", dms_store.STORES)


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
