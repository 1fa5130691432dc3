"""DMS replication subnet groups, which are recorded."""

from emulator.runtime import plugin
from emulator.runtime.plugin import AwsError, Json, operation
from emulator.services.dms.store import STORE, add_tags, configs, matching, refuse_duplicate, subnet_groups


@operation
def create_replication_subnet_group(request: Json) -> Json:
    identifier = request["ReplicationSubnetGroupIdentifier"].lower()
    refuse_duplicate(subnet_groups, "ReplicationSubnetGroupIdentifier", identifier)
    subnet_groups[identifier] = {"ReplicationSubnetGroupIdentifier": identifier, **_subnets(request)}
    add_tags(plugin.arn("dms", f"subgrp:{identifier}"), request)
    return STORE.save({"ReplicationSubnetGroup": subnet_groups[identifier]})


@operation
def describe_replication_subnet_groups(request: Json) -> Json:
    members = {"replication-subnet-group-id": "ReplicationSubnetGroupIdentifier"}
    return {"ReplicationSubnetGroups": matching(subnet_groups, request, members=members, kind="ReplicationSubnetGroup")}


@operation
def modify_replication_subnet_group(request: Json) -> Json:
    identifier = request["ReplicationSubnetGroupIdentifier"].lower()
    entry = STORE.find(subnet_groups, identifier, kind="ReplicationSubnetGroup")
    entry |= _subnets({"ReplicationSubnetGroupDescription": entry["ReplicationSubnetGroupDescription"]} | request)
    return STORE.save({"ReplicationSubnetGroup": entry})


@operation
def delete_replication_subnet_group(request: Json) -> Json:
    identifier = request["ReplicationSubnetGroupIdentifier"].lower()
    STORE.find(subnet_groups, identifier, kind="ReplicationSubnetGroup")
    users = [
        config["ReplicationConfigIdentifier"]
        for config in configs.values()
        if config["ComputeConfig"].get("ReplicationSubnetGroupId", "").lower() == identifier
    ]
    if users:
        raise AwsError("InvalidResourceStateFault", f"Subnet group {identifier} is used by {', '.join(users)}.")
    del subnet_groups[identifier]
    return STORE.save({})


def _subnets(request: Json) -> Json:
    subnets = plugin.client("ec2").describe_subnets(SubnetIds=request["SubnetIds"])["Subnets"]
    return {
        "ReplicationSubnetGroupDescription": request["ReplicationSubnetGroupDescription"],
        "VpcId": subnets[0]["VpcId"],
        "SubnetGroupStatus": "Complete",
        "Subnets": [
            {
                "SubnetIdentifier": subnet["SubnetId"],
                "SubnetAvailabilityZone": {"Name": subnet["AvailabilityZone"]},
                "SubnetStatus": "Active",
            }
            for subnet in subnets
        ],
    }
