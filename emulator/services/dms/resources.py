"""CloudFormation types of DMS: endpoints, certificates, subnet groups, replication configs, instances and tasks."""

import json
from typing import Any

from emulator.runtime import plugin
from emulator.runtime.resource_type import Attributes, Properties, ResourceType, picked
from emulator.services.dms import configs, runs, tasks

ENDPOINT_MEMBERS = (
    "CertificateArn",
    "DatabaseName",
    "EndpointIdentifier",
    "EndpointType",
    "EngineName",
    "ExtraConnectionAttributes",
    "KmsKeyId",
    "MySqlSettings",
    "Password",
    "Port",
    "PostgreSqlSettings",
    "S3Settings",
    "ServerName",
    "SslMode",
    "Username",
)
CONFIG_MEMBERS = (
    "ComputeConfig",
    "ReplicationConfigIdentifier",
    "ReplicationSettings",
    "ReplicationType",
    "SourceEndpointArn",
    "SupplementalSettings",
    "TableMappings",
    "TargetEndpointArn",
)
# The API spells these settings differently than CloudFormation.
API_NAMES = {"PostgreSqlSettings": "PostgreSQLSettings", "MySqlSettings": "MySQLSettings"}
INSTANCE_MEMBERS = (
    "AllocatedStorage",
    "AutoMinorVersionUpgrade",
    "EngineVersion",
    "KmsKeyId",
    "MultiAZ",
    "PubliclyAccessible",
    "ReplicationInstanceClass",
    "ReplicationInstanceIdentifier",
    "ReplicationSubnetGroupIdentifier",
    "VpcSecurityGroupIds",
)
TASK_MEMBERS = (
    "MigrationType",
    "ReplicationInstanceArn",
    "ReplicationTaskIdentifier",
    "ReplicationTaskSettings",
    "SourceEndpointArn",
    "TableMappings",
    "TargetEndpointArn",
)
# The members of ModifyReplicationTask; a task with other endpoints or another instance is a new task.
TASK_CHANGES = ("MigrationType", "ReplicationTaskIdentifier", "ReplicationTaskSettings", "TableMappings")
DOCUMENTS = ("ReplicationSettings", "SupplementalSettings", "TableMappings")
FLAGS = ("AutoMinorVersionUpgrade", "MultiAZ", "PubliclyAccessible")
UNITS = ("MaxCapacityUnits", "MinCapacityUnits")


def _endpoint(properties: Properties) -> dict[str, Any]:
    members = {API_NAMES.get(name, name): value for name, value in picked(properties, *ENDPOINT_MEMBERS).items()}
    return members | ({"Port": int(members["Port"])} if "Port" in members else {})


def _create_endpoint(properties: Properties, name: str) -> tuple[str, Attributes]:
    members = {"EndpointIdentifier": name} | _endpoint(properties)
    arn: str = plugin.client("dms").create_endpoint(**members, **picked(properties, "Tags"))["Endpoint"]["EndpointArn"]
    return arn, {}


def _update_endpoint(arn: str, _: Properties, new: Properties) -> Attributes:
    changes = {name: value for name, value in _endpoint(new).items() if name != "KmsKeyId"}
    plugin.client("dms").modify_endpoint(EndpointArn=arn, ExactSettings=True, **changes)
    return {}


def _delete_endpoint(arn: str, _: Properties) -> None:
    plugin.client("dms").delete_endpoint(EndpointArn=arn)


def _create_subnets(properties: Properties, name: str) -> tuple[str, Attributes]:
    members = {"ReplicationSubnetGroupIdentifier": name} | dict(properties)
    response = plugin.client("dms").create_replication_subnet_group(**members)
    return response["ReplicationSubnetGroup"]["ReplicationSubnetGroupIdentifier"], {}


def _update_subnets(identifier: str, _: Properties, new: Properties) -> Attributes:
    members = picked(new, "ReplicationSubnetGroupDescription", "SubnetIds")
    plugin.client("dms").modify_replication_subnet_group(ReplicationSubnetGroupIdentifier=identifier, **members)
    return {}


def _delete_subnets(identifier: str, _: Properties) -> None:
    plugin.client("dms").delete_replication_subnet_group(ReplicationSubnetGroupIdentifier=identifier)


def _config(properties: Properties) -> dict[str, Any]:
    members = picked(properties, *CONFIG_MEMBERS)
    compute = members["ComputeConfig"]
    members["ComputeConfig"] = compute | {name: int(compute[name]) for name in UNITS if name in compute}
    documents = {name: members[name] for name in DOCUMENTS if name in members}
    return members | {name: text if isinstance(text, str) else json.dumps(text) for name, text in documents.items()}


def _create_config(properties: Properties, name: str) -> tuple[str, Attributes]:
    members = {"ReplicationConfigIdentifier": name} | _config(properties) | picked(properties, "Tags")
    response = plugin.client("dms").create_replication_config(**members)
    arn: str = response["ReplicationConfig"]["ReplicationConfigArn"]
    return arn, {"ReplicationConfigArn": arn}


def _update_config(arn: str, _: Properties, new: Properties) -> Attributes:
    plugin.client("dms").modify_replication_config(ReplicationConfigArn=arn, **_config(new))
    return {"ReplicationConfigArn": arn}


def _delete_config(arn: str, _: Properties) -> None:
    config = plugin.client("dms").delete_replication_config(ReplicationConfigArn=arn)["ReplicationConfig"]
    runs.wait_until_removed(configs.run_name(config))


def _create_instance(properties: Properties, name: str) -> tuple[str, Attributes]:
    members = {"ReplicationInstanceIdentifier": name} | picked(properties, *INSTANCE_MEMBERS, "Tags")
    members |= {name: int(members[name]) for name in ("AllocatedStorage",) if name in members}
    members |= {name: members[name] in (True, "true") for name in FLAGS if name in members}
    arn: str = plugin.client("dms").create_replication_instance(**members)["ReplicationInstance"][
        "ReplicationInstanceArn"
    ]
    return arn, {}


def _delete_instance(arn: str, _: Properties) -> None:
    plugin.client("dms").delete_replication_instance(ReplicationInstanceArn=arn)


def _create_task(properties: Properties, name: str) -> tuple[str, Attributes]:
    members = {"ReplicationTaskIdentifier": name} | picked(properties, *TASK_MEMBERS, "Tags")
    arn: str = plugin.client("dms").create_replication_task(**members)["ReplicationTask"]["ReplicationTaskArn"]
    return arn, {}


def _update_task(arn: str, _: Properties, new: Properties) -> Attributes:
    plugin.client("dms").modify_replication_task(ReplicationTaskArn=arn, **picked(new, *TASK_CHANGES))
    return {}


def _delete_task(arn: str, _: Properties) -> None:
    task = plugin.client("dms").delete_replication_task(ReplicationTaskArn=arn)["ReplicationTask"]
    runs.wait_until_removed(tasks.run_name(task))


def _create_certificate(properties: Properties, name: str) -> tuple[str, Attributes]:
    members = {"CertificateIdentifier": name} | picked(properties, "CertificateIdentifier", "CertificatePem")
    arn: str = plugin.client("dms").import_certificate(**members)["Certificate"]["CertificateArn"]
    return arn, {}


def _delete_certificate(arn: str, _: Properties) -> None:
    plugin.client("dms").delete_certificate(CertificateArn=arn)


TYPES = {
    "AWS::DMS::Certificate": ResourceType(
        properties=frozenset({"CertificateIdentifier", "CertificatePem"}),
        create=_create_certificate,
        delete=_delete_certificate,
    ),
    "AWS::DMS::ReplicationInstance": ResourceType(
        properties=frozenset({"Tags", *INSTANCE_MEMBERS}), create=_create_instance, delete=_delete_instance
    ),
    "AWS::DMS::ReplicationTask": ResourceType(
        properties=frozenset({"Tags", *TASK_MEMBERS}),
        create=_create_task,
        update=_update_task,
        delete=_delete_task,
        replacing=frozenset(TASK_MEMBERS) - frozenset(TASK_CHANGES),
    ),
    "AWS::DMS::Endpoint": ResourceType(
        properties=frozenset({"Tags", *ENDPOINT_MEMBERS}),
        create=_create_endpoint,
        update=_update_endpoint,
        delete=_delete_endpoint,
        replacing=frozenset({"KmsKeyId"}),
    ),
    "AWS::DMS::ReplicationSubnetGroup": ResourceType(
        properties=frozenset(
            {"Tags", "ReplicationSubnetGroupIdentifier", "ReplicationSubnetGroupDescription", "SubnetIds"}
        ),
        create=_create_subnets,
        update=_update_subnets,
        delete=_delete_subnets,
        replacing=frozenset({"ReplicationSubnetGroupIdentifier"}),
    ),
    "AWS::DMS::ReplicationConfig": ResourceType(
        properties=frozenset({"Tags", "ResourceIdentifier", *CONFIG_MEMBERS}),
        create=_create_config,
        update=_update_config,
        delete=_delete_config,
        replacing=frozenset({"ResourceIdentifier"}),
    ),
}
