"""Tags of DMS resources."""

from emulator.runtime.plugin import Json, operation
from emulator.services.dms.store import STORE, add_tags, tags


@operation
def add_tags_to_resource(request: Json) -> Json:
    add_tags(request["ResourceArn"], request)
    return STORE.save({})


@operation
def remove_tags_from_resource(request: Json) -> Json:
    resource_tags = tags.get(request["ResourceArn"], {})
    for key in request["TagKeys"]:
        resource_tags.pop(key, None)
    return STORE.save({})


@operation
def list_tags_for_resource(request: Json) -> Json:
    arns = request.get("ResourceArnList") or [request["ResourceArn"]]
    return {
        "TagList": [
            {"Key": key, "Value": value, "ResourceArn": arn} for arn in arns for key, value in tags.get(arn, {}).items()
        ]
    }
