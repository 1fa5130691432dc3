"""AWS::Glue::Job, AWS::Glue::SecurityConfiguration, AWS::Glue::DataQualityRuleset."""

from typing import Any

from emulator.runtime import plugin
from emulator.runtime.resource_type import Attributes, Properties, ResourceType, picked, tag_map
from emulator.services.glue.jobs import arn

JOB_MEMBERS = (
    "AllocatedCapacity",
    "Command",
    "Connections",
    "DefaultArguments",
    "Description",
    "ExecutionClass",
    "ExecutionProperty",
    "GlueVersion",
    "JobMode",
    "JobRunQueuingEnabled",
    "LogUri",
    "MaintenanceWindow",
    "MaxCapacity",
    "MaxRetries",
    "NonOverridableArguments",
    "NotificationProperty",
    "NumberOfWorkers",
    "Role",
    "SecurityConfiguration",
    "Timeout",
    "WorkerType",
)
COUNTS = ("AllocatedCapacity", "MaxRetries", "NumberOfWorkers", "Timeout")


def _definition(properties: Properties) -> dict[str, Any]:
    definition = picked(properties, *JOB_MEMBERS)
    definition |= {name: int(definition[name]) for name in COUNTS if name in definition}
    if "ExecutionProperty" in definition:
        limit = int(definition["ExecutionProperty"].get("MaxConcurrentRuns", 1))
        definition["ExecutionProperty"] = {"MaxConcurrentRuns": limit}
    return definition


def _create_job(properties: Properties, name: str) -> tuple[str, Attributes]:
    job = properties.get("Name", name)
    plugin.client("glue").create_job(Name=job, Tags=tag_map(properties), **_definition(properties))
    return job, {}


def _update_job(job: str, old: Properties, new: Properties) -> Attributes:
    glue = plugin.client("glue")
    glue.update_job(JobName=job, JobUpdate=_definition(new))
    before, after = tag_map(old), tag_map(new)
    if before != after:
        glue.untag_resource(ResourceArn=arn(job), TagsToRemove=sorted(before.keys() - after.keys()))
        glue.tag_resource(ResourceArn=arn(job), TagsToAdd=after)
    return {}


def _delete_job(job: str, _: Properties) -> None:
    plugin.client("glue").delete_job(JobName=job)


def _create_security(properties: Properties, name: str) -> tuple[str, Attributes]:
    configuration = dict(properties["EncryptionConfiguration"])
    if "S3Encryptions" in configuration:
        configuration["S3Encryption"] = configuration.pop("S3Encryptions")
    name = properties.get("Name", name)
    plugin.client("glue").create_security_configuration(Name=name, EncryptionConfiguration=configuration)
    return name, {}


def _delete_security(name: str, _: Properties) -> None:
    plugin.client("glue").delete_security_configuration(Name=name)


RULESET_MEMBERS = ("Name", "Description", "Ruleset", "TargetTable")


def _create_ruleset(properties: Properties, name: str) -> tuple[str, Attributes]:
    ruleset = {"Name": name} | picked(properties, *RULESET_MEMBERS)
    plugin.client("glue").create_data_quality_ruleset(**ruleset, Tags=tag_map(properties))
    return ruleset["Name"], {}


def _update_ruleset(name: str, _: Properties, new: Properties) -> Attributes:
    plugin.client("glue").update_data_quality_ruleset(Name=name, **picked(new, "Description", "Ruleset"))
    return {}


def _delete_ruleset(name: str, _: Properties) -> None:
    plugin.client("glue").delete_data_quality_ruleset(Name=name)


TYPES = {
    "AWS::Glue::Job": ResourceType(
        properties=frozenset({"Name", "Tags", *JOB_MEMBERS}),
        create=_create_job,
        update=_update_job,
        delete=_delete_job,
        replacing=frozenset({"Name"}),
    ),
    "AWS::Glue::SecurityConfiguration": ResourceType(
        properties=frozenset({"Name", "EncryptionConfiguration"}), create=_create_security, delete=_delete_security
    ),
    "AWS::Glue::DataQualityRuleset": ResourceType(
        properties=frozenset({"Tags", *RULESET_MEMBERS}),
        create=_create_ruleset,
        update=_update_ruleset,
        delete=_delete_ruleset,
        replacing=frozenset({"Name", "Tags", "TargetTable"}),
    ),
}
