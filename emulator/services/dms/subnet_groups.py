"""DMS replication subnet groups."""

from emulator.runtime import plugin
from emulator.runtime.plugin import AwsError, Json
from emulator.services.dms.store import configs, described, found, keep_tags, refuse_duplicate, saved, subnet_groups


def create_replication_subnet_group(request: Json) -> Json:
    identifier = request["ReplicationSubnetGroupIdentifier"].lower()
    refuse_duplicate(subnet_groups, "ReplicationSubnetGroupIdentifier", identifier)
    subnet_groups[identifier] = {"ReplicationSubnetGroupIdentifier": identifier, **_subnets(request)}
    keep_tags(_subnet_group_arn(identifier), request)
    return saved({"ReplicationSubnetGroup": subnet_groups[identifier]})


def describe_replication_subnet_groups(request: Json) -> Json:
    names = {"replication-subnet-group-id": "ReplicationSubnetGroupIdentifier"}
    matching = described(subnet_groups, request, names=names, kind="ReplicationSubnetGroup")
    return {"ReplicationSubnetGroups": matching}


def modify_replication_subnet_group(request: Json) -> Json:
    identifier = request["ReplicationSubnetGroupIdentifier"].lower()
    entry = found(subnet_groups, identifier, kind="ReplicationSubnetGroup")
    entry |= _subnets({"ReplicationSubnetGroupDescription": entry["ReplicationSubnetGroupDescription"]} | request)
    return saved({"ReplicationSubnetGroup": entry})


def delete_replication_subnet_group(request: Json) -> Json:
    identifier = request["ReplicationSubnetGroupIdentifier"].lower()
    found(subnet_groups, identifier, kind="ReplicationSubnetGroup")
    users = [
        config["ReplicationConfigIdentifier"]
        for config in configs.values()
        if config["ComputeConfig"].get("ReplicationSubnetGroupId", "").lower() == identifier
    ]
    if users:
        raise AwsError("InvalidResourceStateFault", f"Subnet group {identifier} is used by {', '.join(users)}.")
    del subnet_groups[identifier]
    return saved({})


def _subnet_group_arn(identifier: str) -> str:
    return f"arn:aws:dms:{plugin.region()}:{plugin.account()}:subgrp:{identifier}"


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
