"""Table optimizers, which are recorded as in Glue and never run.

Source: AWS Glue web API reference, "Table optimizers".
"""

from emulator.runtime.plugin import AwsError, Json, operation
from emulator.services.glue.store import change, find, optimizers, tables

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
"""For each type: the member of its settings, and Glue's defaults."""


@operation
def create_table_optimizer(request: Json) -> Json:
    table = _table(request["DatabaseName"], request["TableName"])
    with change():
        if table not in optimizers:
            optimizers[table] = {}
        if request["Type"] in optimizers[table]:
            raise AwsError("AlreadyExistsException", f"Table {table} has a {request['Type']} optimizer already.")
        optimizers[table][request["Type"]] = _optimizer(request)
    return {}


@operation
def update_table_optimizer(request: Json) -> Json:
    table = _table(request["DatabaseName"], request["TableName"])
    with change():
        _find(table, request["Type"])
        optimizers[table][request["Type"]] = _optimizer(request)
    return {}


@operation
def delete_table_optimizer(request: Json) -> Json:
    table = _table(request["DatabaseName"], request["TableName"])
    with change():
        _find(table, request["Type"])
        del optimizers[table][request["Type"]]
    return {}


@operation
def get_table_optimizer(request: Json) -> Json:
    names = {name: request[name] for name in ("CatalogId", "DatabaseName", "TableName")}
    table = _table(request["DatabaseName"], request["TableName"])
    return names | {"TableOptimizer": _find(table, request["Type"])}


@operation
def batch_get_table_optimizer(request: Json) -> Json:
    existing, failures = [], []
    for entry in request["Entries"]:
        try:
            optimizer = _find(_table(entry["databaseName"], entry["tableName"]), entry["type"])
        except AwsError as error:
            failures.append(entry | {"error": {"ErrorCode": error.code, "ErrorMessage": str(error)}})
        else:
            table = {name: entry[name] for name in ("catalogId", "databaseName", "tableName")}
            existing.append(table | {"tableOptimizer": optimizer})
    return {"TableOptimizers": existing, "Failures": failures}


@operation
def list_table_optimizer_runs(request: Json) -> Json:
    names = get_table_optimizer(request)
    del names["TableOptimizer"]
    return names | {"TableOptimizerRuns": []}


def _table(database: str, name: str) -> str:
    key = f"{database.lower()}/{name.lower()}"
    find(tables, key, kind="Table")
    return key


def _find(table: str, type_: str) -> Json:
    optimizer: Json | None = optimizers.get(table, {}).get(type_)
    if optimizer is None:
        raise AwsError("EntityNotFoundException", f"Table {table} has no {type_} optimizer.")
    return optimizer


def _optimizer(request: Json) -> Json:
    type_, configuration = request["Type"], request["TableOptimizerConfiguration"]
    if type_ not in CONFIGURATIONS:
        raise AwsError("InvalidInputException", f"Type is {type_}, expected one of {', '.join(CONFIGURATIONS)}.")
    member, defaults = CONFIGURATIONS[type_]
    settings = defaults | configuration.get(member, {}).get("icebergConfiguration", {})
    return {
        "type": type_,
        "configuration": configuration | {member: {"icebergConfiguration": settings}},
        "configurationSource": "table",
    }
