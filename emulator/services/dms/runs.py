"""Runs of replications, serverless or as tasks: one process for each, resumed when the server starts again."""

import time
from collections.abc import Mapping
from typing import Any

from ministack.core.responses import request_scope  # type: ignore[import-untyped]

from emulator.replicator import task
from emulator.replicator.mappings import MappingError
from emulator.replicator.settings import SECRET_CREDENTIALS, SettingsError
from emulator.replicator.state import COMPLETED, ERROR, FULL_LOAD, State
from emulator.replicator.supervisor import Progress, Supervisor
from emulator.runtime import checkpoint, plugin, principals
from emulator.runtime.plugin import AwsError, Json
from emulator.services.dms.endpoints import endpoint

STATE = "dms_runs"
SESSION = "dms-session-for-replication-engine"
START_TYPES = {"start-replication": task.RESUME, "resume-processing": task.RESUME, "reload-target": task.RELOAD}

_supervisor = Supervisor(plugin.root)
_runs: dict[str, Json] = {}


def register() -> None:
    """Keep the list of running replications, and resume them when the server starts."""
    plugin.state(STATE, save=lambda: _runs, load=_resume)
    plugin.on_stop(_supervisor.stop_all)


def run_name(kind: str, identifier: str) -> str:
    """Return the name of a replication's runs, unique among accounts, regions and kinds."""
    return f"{plugin.account()}/{plugin.region()}/{kind}-{identifier}"


def start(name: str, start_type: str, *, identifier: str, entry: Mapping[str, Any], migration_type: str) -> None:
    """Start a replication.

    Args:
        name: name of its runs.
        start_type: `start-replication`, `resume-processing` or `reload-target`.
        identifier: determines the name of its slot in the source.
        entry: the config or task, with its endpoints and table mappings.
        migration_type: `full-load`, `cdc` or `full-load-and-cdc`.

    Raises:
        AwsError: it already runs; it has run before and the start type is for the first run only; or a setting that it
            needs is missing or not supported.
    """
    if start_type not in START_TYPES:
        raise AwsError("InvalidParameterValueException", f"Start type {start_type} is not one of {list(START_TYPES)}.")
    if _supervisor.runs(name):
        raise AwsError("InvalidResourceStateFault", f"Replication {identifier} is {progress(name).status} already.")
    if start_type == "start-replication" and name in _runs and _has_begun(_supervisor.progress(name).state):
        raise AwsError(
            "InvalidResourceStateFault",
            f"Start type start-replication is only for the first run of {identifier}: "
            "use resume-processing, or reload-target for a new full load.",
        )
    document = _document(identifier, START_TYPES[start_type], entry, migration_type)
    for role, service in zip(
        _roles(document), (f"dms.{plugin.region()}.amazonaws.com", "dms.amazonaws.com"), strict=True
    ):
        if role:
            plugin.check_trust(role, service)
    now = time.time()
    fresh = _runs.get(name, {}).get("fresh", now) if start_type == "resume-processing" else now
    _runs[name] = {
        "document": document,
        "start_type": start_type,
        "runs": True,
        "fresh": fresh,
        "started": now,
        "stopped": None,
    }
    checkpoint.flush(STATE)
    _supervisor.start(name, document, environment=_environment(name))


def stop(name: str, *, identifier: str) -> None:
    """Stop a replication without waiting for its end; raise `AwsError` if it does not run."""
    if not _supervisor.runs(name):
        raise AwsError("InvalidResourceStateFault", f"Replication {identifier} is not running.")
    _runs[name] |= {"runs": False, "stopped": time.time()}
    checkpoint.flush(STATE)
    _supervisor.stop(name)


def refuse_positions(request: Json) -> None:
    """Raise `AwsError` if a start request has a position at which changes begin or end."""
    for member in ("CdcStartTime", "CdcStartPosition", "CdcStopPosition"):
        if request.get(member):
            raise AwsError("InvalidParameterValueException", f"{member}: the emulator supports no such positions.")


def refuse_if_running(name: str, *, identifier: str) -> None:
    """Raise `AwsError` if a replication runs, because it cannot be changed while it runs."""
    if _supervisor.runs(name):
        raise AwsError("InvalidResourceStateFault", f"Replication {identifier} is running: stop it first.")


def remove(name: str) -> None:
    """Remove the state of a stopped replication, and its slot and publications in the source."""
    if name in _runs:
        document = _runs[name]["document"] | {"Action": task.REMOVE}
        _supervisor.remove(name, document, environment=_environment(name))
        del _runs[name]
        checkpoint.flush(STATE)


def wait_until_removed(name: str) -> None:
    """Wait until slot and publications of a removed replication are gone, as CloudFormation does in AWS.

    Removal reads the source's secret. CloudFormation deletes secret and role next, so it may not go on before.
    """
    _supervisor.wait_until_removed(name)


def last_run(name: str) -> Json | None:
    """Return times and start type of a replication's last run; None if it never ran."""
    return _runs.get(name)


def progress(name: str) -> Progress:
    """Return the progress of a replication that has been started."""
    return _supervisor.progress(name)


def messages(name: str) -> list[str]:
    """Return why a replication failed, and what of its tables is not replicated: `SCHEMA.TABLE: since TIME: reason`."""
    current = progress(name)
    of_tables = [message for table in current.state.tables.values() for message in table.problems]
    return [*([current.error] if current.error else []), *of_tables]


def statistics(name: str) -> Json:
    """Return `ReplicationStats` or `ReplicationTaskStats`."""
    run, now = _runs[name], time.time()
    tables = list(_supervisor.progress(name).state.tables.values())
    done = [table for table in tables if table.state in (COMPLETED, ERROR)]
    started = [table.full_load_started for table in tables if table.full_load_started]
    ended = [table.full_load_ended for table in done if table.full_load_ended]
    dates = {
        "FreshStartDate": run["fresh"],
        "StartDate": run["started"],
        "StopDate": run["stopped"],
        "FullLoadStartDate": min(started, default=None),
        "FullLoadFinishDate": max(ended) if ended and len(done) == len(tables) else None,
    }
    return {
        "FullLoadProgressPercent": 100 * len(done) // len(tables) if tables else 0,
        "ElapsedTimeMillis": int(1000 * ((run["stopped"] or now) - run["started"])),
        "TablesLoaded": sum(table.state == COMPLETED for table in tables),
        "TablesLoading": sum(table.state == FULL_LOAD for table in tables),
        "TablesQueued": len(tables) - len(done) - sum(table.state == FULL_LOAD for table in tables),
        "TablesErrored": sum(table.state == ERROR for table in tables),
        **{member: moment for member, moment in dates.items() if moment is not None},
    }


def table_statistics(name: str, request: Json) -> list[Json]:
    """Return `TableStatistics` of the tables that match the request's Filters."""
    statistics = []
    for table in _supervisor.progress(name).state.tables.values():
        times = {
            "FullLoadStartTime": table.full_load_started,
            "FullLoadEndTime": table.full_load_ended,
            "LastUpdateTime": table.updated,
        }
        statistics.append(
            {
                "SchemaName": table.schema,
                "TableName": table.name,
                "Inserts": table.inserts,
                "Updates": table.updates,
                "Deletes": table.deletes,
                "Ddls": table.ddls,
                "FullLoadRows": table.full_load_rows,
                "TableState": table.state,
                "ValidationState": "No primary key" if table.inserts_only else "Not enabled",
                **{member: moment for member, moment in times.items() if moment is not None},
            }
        )
    members = {"schema-name": "SchemaName", "table-name": "TableName", "table-state": "TableState"}
    for condition in request.get("Filters") or []:
        if condition["Name"] not in members:
            raise AwsError(
                "InvalidParameterValueException", f"Filter {condition['Name']} is not one of {list(members)}."
            )
        statistics = [entry for entry in statistics if entry[members[condition["Name"]]] in condition["Values"]]
    return statistics


def _document(identifier: str, action: str, entry: Mapping[str, Any], migration_type: str) -> Json:
    document = {
        "Name": identifier,
        "MigrationType": migration_type,
        "Action": action,
        "SourceEndpoint": endpoint(entry["SourceEndpointArn"]),
        "TargetEndpoint": endpoint(entry["TargetEndpointArn"]),
        "TableMappings": entry["TableMappings"],
    }
    try:
        task.parse(document)
    except (SettingsError, MappingError) as error:
        raise AwsError("InvalidResourceStateFault", f"Replication {identifier} can't start: {error}") from error
    return document


def _roles(document: Json) -> tuple[str | None, str | None]:
    """Return the roles with which DMS reads the secret of the source and writes to the target."""
    reader = document["SourceEndpoint"].get("PostgreSQLSettings", {}).get("SecretsManagerAccessRoleArn")
    writer = document["TargetEndpoint"].get("S3Settings", {}).get("ServiceAccessRoleArn")
    return reader, writer


def _has_begun(state: State) -> bool:
    return any(table.from_lsn is not None for table in state.tables.values())


def _environment(name: str) -> dict[str, str]:
    """Return the environment of a replicator: DMS writes files as the target's role, and reads the source's secret as
    the role of the secret."""
    account, region, _ = name.split("/", 2)
    document = _runs[name]["document"]
    with request_scope(account, region), plugin.acting_as(principals.root(account)):
        reader, writer = _roles(document)
        reading = plugin.aws_environment(role=reader, session=SESSION)
        own = {name: reading.get(variable, "") for variable, name in SECRET_CREDENTIALS.items()}
        return plugin.child_environment(role=writer, session=SESSION) | own


def _resume(saved: dict[str, Json]) -> None:
    """Resume the replications that ran when the server ended; a replication that had failed stays failed."""
    _runs.update(saved)
    for name, run in _runs.items():
        if run["runs"] and _supervisor.progress(name).state.status != "failed":
            _supervisor.start(name, run["document"] | {"Action": task.RESUME}, environment=_environment(name))
