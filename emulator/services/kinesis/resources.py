"""AWS::Kinesis::Stream: every property, including the encryption key, is set by the API."""

from typing import Any

from emulator.runtime import plugin
from emulator.runtime.resource_type import Attributes, Properties, ResourceType, picked, tag_map

PROPERTIES = frozenset(
    {"Name", "RetentionPeriodHours", "ShardCount", "StreamEncryption", "StreamModeDetails", "Tags"},
)
DEFAULT_HOURS = 24


def _create(properties: Properties, name: str) -> tuple[str, Attributes]:
    stream = properties.get("Name", name)
    members: dict[str, Any] = picked(properties, "StreamModeDetails")
    if "ShardCount" in properties:
        members["ShardCount"] = int(properties["ShardCount"])
    plugin.client("kinesis").create_stream(StreamName=stream, Tags=tag_map(properties), **members)
    return stream, _update(stream, picked(properties, "StreamModeDetails", "ShardCount", "Tags"), properties)


def _update(stream: str, old: Properties, new: Properties) -> Attributes:
    kinesis = plugin.client("kinesis")
    arn = kinesis.describe_stream_summary(StreamName=stream)["StreamDescriptionSummary"]["StreamARN"]
    changed = {name for name in PROPERTIES if new.get(name) != old.get(name)}
    if "StreamModeDetails" in changed:
        kinesis.update_stream_mode(StreamARN=arn, StreamModeDetails=new["StreamModeDetails"])
    if "ShardCount" in changed and "ShardCount" in new:
        count = int(new["ShardCount"])
        kinesis.update_shard_count(StreamName=stream, TargetShardCount=count, ScalingType="UNIFORM_SCALING")
    if "RetentionPeriodHours" in changed:
        hours = int(new.get("RetentionPeriodHours", DEFAULT_HOURS))
        before = int(old.get("RetentionPeriodHours", DEFAULT_HOURS))
        if hours > before:
            kinesis.increase_stream_retention_period(StreamName=stream, RetentionPeriodHours=hours)
        elif hours < before:
            kinesis.decrease_stream_retention_period(StreamName=stream, RetentionPeriodHours=hours)
    if "StreamEncryption" in changed:
        if "StreamEncryption" in old:
            kinesis.stop_stream_encryption(StreamName=stream, **old["StreamEncryption"])
        if "StreamEncryption" in new:
            kinesis.start_stream_encryption(StreamName=stream, **new["StreamEncryption"])
    if "Tags" in changed:
        removed = tag_map(old).keys() - tag_map(new).keys()
        if removed:
            kinesis.remove_tags_from_stream(StreamName=stream, TagKeys=sorted(removed))
        if new.get("Tags"):
            kinesis.add_tags_to_stream(StreamName=stream, Tags=tag_map(new))
    return {"Arn": arn}


def _delete(stream: str, _: Properties) -> None:
    plugin.client("kinesis").delete_stream(StreamName=stream, EnforceConsumerDeletion=True)


TYPES = {
    "AWS::Kinesis::Stream": ResourceType(
        properties=PROPERTIES,
        create=_create,
        update=_update,
        delete=_delete,
        replacing=frozenset({"Name"}),
    ),
}
