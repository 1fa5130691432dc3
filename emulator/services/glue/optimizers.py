"""Table optimizers: recorded as Glue records them. Tables of a laptop need no upkeep, so none of them ever runs.

Source: AWS Glue web API reference, "Table optimizers".
"""

from emulator.runtime.plugin import AwsError, Json
from emulator.services.glue.store import change, found, optimizers, tables

CONFIGURATIONS = {
    "compaction": ("compactionConfiguration", {"strategy": "binpack", "minInputFiles": 100, "deleteFileThreshold": 1}),
    "retention": (
        "retentionConfiguration",
        {
            "snapshotRetentionPeriodInDays": 5,
            "numberOfSnapshotsToRetain": 1,
            "cleanExpiredFiles": True,
            "runRateInHours": 24,
        },
    ),
    "orphan_file_deletion": (
        "orphanFileDeletionConfiguration",
        {"orphanFileRetentionPeriodInDays": 3, "runRateInHours": 24},
    ),
}
"""Where each type's settings stand, and Glue's defaults."""


def create_table_optimizer(request: Json) -> Json:
    table = _table(request["DatabaseName"], request["TableName"])
    with change():
        if table not in optimizers:
            optimizers[table] = {}
        if request["Type"] in optimizers[table]:
            raise AwsError("AlreadyExistsException", f"Table {table} has a {request['Type']} optimizer already.")
        optimizers[table][request["Type"]] = _optimizer(request)
    return {}


def update_table_optimizer(request: Json) -> Json:
    table = _table(request["DatabaseName"], request["TableName"])
    with change():
        _found(table, request["Type"])
        optimizers[table][request["Type"]] = _optimizer(request)
    return {}


def delete_table_optimizer(request: Json) -> Json:
    table = _table(request["DatabaseName"], request["TableName"])
    with change():
        _found(table, request["Type"])
        del optimizers[table][request["Type"]]
    return {}


def get_table_optimizer(request: Json) -> Json:
    given = {name: request[name] for name in ("CatalogId", "DatabaseName", "TableName")}
    table = _table(request["DatabaseName"], request["TableName"])
    return given | {"TableOptimizer": _found(table, request["Type"])}


def batch_get_table_optimizer(request: Json) -> Json:
    optimizers_found, failures = [], []
    for entry in request["Entries"]:
        try:
            optimizer = _found(_table(entry["databaseName"], entry["tableName"]), entry["type"])
        except AwsError as error:
            failures.append(entry | {"error": {"ErrorCode": error.code, "ErrorMessage": str(error)}})
        else:
            table = {name: entry[name] for name in ("catalogId", "databaseName", "tableName")}
            optimizers_found.append(table | {"tableOptimizer": optimizer})
    return {"TableOptimizers": optimizers_found, "Failures": failures}


def list_table_optimizer_runs(request: Json) -> Json:
    given = get_table_optimizer(request)
    del given["TableOptimizer"]
    return given | {"TableOptimizerRuns": []}


def _table(database: str, name: str) -> str:
    key = f"{database.lower()}/{name.lower()}"
    found(tables, key, kind="Table")
    return key


def _found(table: str, type_: str) -> Json:
    optimizer: Json | None = optimizers.get(table, {}).get(type_)
    if optimizer is None:
        raise AwsError("EntityNotFoundException", f"Table {table} has no {type_} optimizer.")
    return optimizer


def _optimizer(request: Json) -> Json:
    type_, given = request["Type"], request["TableOptimizerConfiguration"]
    if type_ not in CONFIGURATIONS:
        raise AwsError("InvalidInputException", f"Type is {type_}, expected one of {', '.join(CONFIGURATIONS)}.")
    member, defaults = CONFIGURATIONS[type_]
    settings = defaults | given.get(member, {}).get("icebergConfiguration", {})
    return {
        "type": type_,
        "configuration": given | {member: {"icebergConfiguration": settings}},
        "configurationSource": "table",
    }
