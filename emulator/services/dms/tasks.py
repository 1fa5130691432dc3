"""DMS replication instances, which are recorded, and replication tasks, which run.

Source: AWS DMS API reference, `CreateReplicationTask`, `StartReplicationTask`.
"""

import time

from emulator.runtime.plugin import AwsError, Json, operation
from emulator.services.dms import runs
from emulator.services.dms.endpoints import endpoint
from emulator.services.dms.store import (
    STORE,
    add_tags,
    instances,
    matching,
    new_arn,
    refuse_duplicate,
    settings_of,
    tasks,
)


def run_name(task: Json) -> str:
    """Return the name of a task's runs."""
    return runs.run_name("task", task["ReplicationTaskIdentifier"])


@operation
def create_replication_instance(request: Json) -> Json:
    identifier = request["ReplicationInstanceIdentifier"].lower()
    refuse_duplicate(instances, "ReplicationInstanceIdentifier", identifier)
    arn = new_arn("rep")
    instances[arn] = settings_of(request) | {
        "ReplicationInstanceIdentifier": identifier,
        "ReplicationInstanceArn": arn,
        "ReplicationInstanceStatus": "available",
        "InstanceCreateTime": time.time(),
    }
    add_tags(arn, request)
    return STORE.save({"ReplicationInstance": instances[arn]})


@operation
def describe_replication_instances(request: Json) -> Json:
    members = {
        "replication-instance-arn": "ReplicationInstanceArn",
        "replication-instance-id": "ReplicationInstanceIdentifier",
    }
    return {"ReplicationInstances": matching(instances, request, members=members, kind="ReplicationInstance")}


@operation
def delete_replication_instance(request: Json) -> Json:
    instance = STORE.find(instances, request["ReplicationInstanceArn"], kind="ReplicationInstance")
    users = [task["ReplicationTaskIdentifier"] for task in tasks.values() if _runs_on(task, instance)]
    if users:
        raise AwsError("InvalidResourceStateFault", f"The replication instance has tasks: {', '.join(users)}.")
    del instances[instance["ReplicationInstanceArn"]]
    return STORE.save({"ReplicationInstance": instance | {"ReplicationInstanceStatus": "deleting"}})


@operation
def create_replication_task(request: Json) -> Json:
    identifier = request["ReplicationTaskIdentifier"].lower()
    refuse_duplicate(tasks, "ReplicationTaskIdentifier", identifier)
    STORE.find(instances, request["ReplicationInstanceArn"], kind="ReplicationInstance")
    for side in ("SourceEndpointArn", "TargetEndpointArn"):
        endpoint(request[side])
    arn = new_arn("task")
    tasks[arn] = settings_of(request) | {
        "ReplicationTaskIdentifier": identifier,
        "ReplicationTaskArn": arn,
        "ReplicationTaskCreationDate": time.time(),
    }
    add_tags(arn, request)
    return STORE.save({"ReplicationTask": _shown(tasks[arn])})


@operation
def describe_replication_tasks(request: Json) -> Json:
    members = {
        "replication-task-arn": "ReplicationTaskArn",
        "replication-task-id": "ReplicationTaskIdentifier",
        "replication-instance-arn": "ReplicationInstanceArn",
        "migration-type": "MigrationType",
        "endpoint-arn": "SourceEndpointArn",
    }
    entries = matching(tasks, request, members=members, kind="ReplicationTask")
    return {"ReplicationTasks": [_shown(task) for task in entries]}


@operation
def modify_replication_task(request: Json) -> Json:
    task = _task(request)
    runs.refuse_if_running(run_name(task), identifier=task["ReplicationTaskIdentifier"])
    task |= request
    return STORE.save({"ReplicationTask": _shown(task)})


@operation
def delete_replication_task(request: Json) -> Json:
    task = _task(request)
    runs.refuse_if_running(run_name(task), identifier=task["ReplicationTaskIdentifier"])
    response = {"ReplicationTask": _shown(task) | {"Status": "deleting"}}
    del tasks[task["ReplicationTaskArn"]]
    runs.remove(run_name(task))
    return STORE.save(response)


@operation
def start_replication_task(request: Json) -> Json:
    task = _task(request)
    runs.refuse_positions(request)
    runs.start(
        run_name(task),
        request["StartReplicationTaskType"],
        # A serverless replication may have the same identifier, and their slots must differ.
        identifier=f"task-{task['ReplicationTaskIdentifier']}",
        entry=task,
        migration_type=task["MigrationType"],
    )
    return {"ReplicationTask": _shown(task)}


@operation
def stop_replication_task(request: Json) -> Json:
    task = _task(request)
    runs.stop(run_name(task), identifier=task["ReplicationTaskIdentifier"])
    return {"ReplicationTask": _shown(task)}


@operation
def describe_table_statistics(request: Json) -> Json:
    task = _task(request)
    statistics = runs.table_statistics(run_name(task), request)
    return {"ReplicationTaskArn": task["ReplicationTaskArn"], "TableStatistics": statistics}


def _task(request: Json) -> Json:
    return STORE.find(tasks, request["ReplicationTaskArn"], kind="ReplicationTask")


def _runs_on(task: Json, instance: Json) -> bool:
    return bool(task["ReplicationInstanceArn"] == instance["ReplicationInstanceArn"])


def _shown(task: Json) -> Json:
    """Return a task as the API shows it; a task that never ran is `ready`."""
    name = run_name(task)
    run = runs.last_run(name)
    if run is None:
        return task | {"Status": "ready"}
    progress = runs.progress(name)
    shown = task | {
        "Status": progress.status,
        "ReplicationTaskStartDate": run["started"],
        "ReplicationTaskStats": runs.statistics(name),
    }
    if messages := runs.messages(name):
        shown["LastFailureMessage"] = "\n".join(messages)
    if progress.status == "stopped" and progress.state.stop_reason:
        shown["StopReason"] = progress.state.stop_reason
    return shown
