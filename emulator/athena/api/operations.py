"""Athena's operations on query executions, their results and workgroups, and the table of all operations."""

import threading
import uuid
from collections.abc import Callable
from functools import partial

from botocore.exceptions import ClientError
from ministack.services import athena as ministack_athena  # type: ignore[import-untyped]

from emulator.athena.api import STATE, catalog_operations, results
from emulator.athena.api.executions import (
    ENGINE_VERSION,
    FINAL,
    Executions,
    Record,
    interrupted,
    new_record,
    runtime_statistics,
    shown,
    update,
)
from emulator.athena.api.registry import checked
from emulator.athena.api.requests import cloud, invalid, offset, page, token
from emulator.athena.api.statement_process import described
from emulator.athena.runtime.errors import AthenaError, MalformedQueryError
from emulator.athena.runtime.run import Context
from emulator.athena.tables import catalog
from emulator.athena.trino import process
from emulator.runtime import checkpoint, plugin
from emulator.runtime.plugin import Json

MAX_PAGE = 1000
QUERY_CHARACTERS = 262144

_executions: dict[tuple[str, str], Executions] = {}
_lock = threading.Lock()


def save() -> Json:
    """Return the executions of every account and region as JSON values."""
    return {
        f"{account} {region}": dict(executions.records) for (account, region), executions in list(_executions.items())
    }


def load(state: Json) -> None:
    """Restore the executions that an earlier server saved."""
    for key, records in state.items():
        account, region = key.split()
        _executions_of(account, region).records = {
            query_id: interrupted(record) for query_id, record in records.items()
        }


def close() -> None:
    """Stop all running statements."""
    for executions in list(_executions.values()):
        executions.close()


def _executions_of(account: str, region: str) -> Executions:
    key = (account, region)
    with _lock:
        if key not in _executions:
            _executions[key] = Executions(partial(checkpoint.mark, STATE))
        return _executions[key]


def _current_executions() -> Executions:
    """Return the executions of the request's account and region."""
    return _executions_of(plugin.account(), plugin.region())


def start_query_execution(request: Json) -> Json:
    """Queue a statement after the checks that do not need to run it."""
    sql = request.get("QueryString", "")
    if not 0 < len(sql) <= QUERY_CHARACTERS:
        raise invalid(f"QueryString must have 1 to {QUERY_CHARACTERS} characters")
    request_token = request.get("ClientRequestToken")
    records = list(_current_executions().records.values())
    earlier = next((r for r in records if request_token and r.get("_Token") == request_token), None)
    if earlier is not None:
        if earlier["Query"] != sql:
            raise invalid("Idempotent parameters do not match")
        return {"QueryExecutionId": earlier["QueryExecutionId"]}
    workgroup = request.get("WorkGroup", "primary")
    settings = _work_group(workgroup)
    if settings["State"] == "DISABLED":
        raise invalid(f"WorkGroup {workgroup} is disabled.")
    configuration = settings["Configuration"]
    context, encryption = _context(request, workgroup, configuration)
    record = new_record(context, sql=sql, workgroup=workgroup, encryption=encryption)
    record["_Token"] = request_token
    try:
        update(record, described(checked(sql, trino=context.trino), context))
    except MalformedQueryError as error:
        raise invalid(str(error)) from None
    except AthenaError:
        record["StatementType"] = "UTILITY"  # the execution fails with the reason
    limit = configuration.get("BytesScannedCutoffPerQuery")
    _current_executions().submit(record, context, limit=int(limit) if limit else None, encryption=encryption)
    checkpoint.mark(STATE)
    return {"QueryExecutionId": context.query_id}


def _context(request: Json, workgroup: str, configuration: Json) -> tuple[Context, dict[str, str]]:
    """Return the context of a statement, and the `EncryptionConfiguration` of its result."""
    defaults = configuration.get("ResultConfiguration", {})
    enforced = bool(configuration["EnforceWorkGroupConfiguration"])
    effective = defaults if enforced else {**defaults, **request.get("ResultConfiguration", {})}
    output = effective.get("OutputLocation")
    if not output:
        raise invalid(
            "No output location provided. An output location is required either through the Workgroup result "
            "configuration setting or as an API input."
        )
    scope = request.get("QueryExecutionContext", {})
    if scope.get("Catalog", catalog.CATALOG).lower() != catalog.CATALOG:
        raise invalid(f"Catalog {scope['Catalog']} is not supported: the only catalog is AwsDataCatalog")
    context = Context(
        cloud=cloud(),
        database=scope.get("Database", "default").strip("`").lower(),  # awswrangler sends it quoted
        workgroup=workgroup,
        output=output.rstrip("/") + "/",
        output_enforced=enforced and bool(defaults.get("OutputLocation")),
        query_id=str(uuid.uuid4()),
        scratch=plugin.root / "tmp",
        parameters=tuple(request.get("ExecutionParameters", [])),
        trino=process.address(plugin.root),
    )
    return context, dict(effective.get("EncryptionConfiguration", {}))


def _record(request: Json) -> Record:
    query_id = request.get("QueryExecutionId", "")
    record = _current_executions().records.get(query_id)
    if record is None:
        raise invalid(f"QueryExecution {query_id} was not found")
    return record


def get_query_execution(request: Json) -> Json:
    return {"QueryExecution": shown(_record(request))}


def get_query_runtime_statistics(request: Json) -> Json:
    return {"QueryRuntimeStatistics": runtime_statistics(_record(request))}


def list_engine_versions(request: Json) -> Json:
    effective = ENGINE_VERSION["EffectiveEngineVersion"]
    versions = [{"SelectedEngineVersion": name, "EffectiveEngineVersion": effective} for name in ("AUTO", effective)]
    return page(request, "EngineVersions", versions)


def batch_get_query_execution(request: Json) -> Json:
    records = _current_executions().records
    ids = request.get("QueryExecutionIds", [])
    missing = [
        {"QueryExecutionId": query_id, "ErrorCode": "INVALID_INPUT", "ErrorMessage": "was not found"}
        for query_id in ids
        if query_id not in records
    ]
    executions = [shown(records[query_id]) for query_id in ids if query_id in records]
    return {"QueryExecutions": executions, "UnprocessedQueryExecutionIds": missing}


def stop_query_execution(request: Json) -> Json:
    record = _record(request)
    _current_executions().stop(record["QueryExecutionId"])
    return {}


def list_query_executions(request: Json) -> Json:
    workgroup = request.get("WorkGroup", "primary")
    ids = [
        query_id for query_id, r in reversed(list(_current_executions().records.items())) if r["WorkGroup"] == workgroup
    ]
    return page(request, "QueryExecutionIds", ids)


def get_query_results(request: Json) -> Json:
    """Return a page of a result; the first row of a query's result has the names of its columns."""
    record = _record(request)
    state = record["Status"]["State"]
    if state not in FINAL:
        raise invalid(f"Query has not yet finished. Current state: {state}")
    if state != "SUCCEEDED":
        raise invalid(f"Query did not finish successfully. Final query state: {state}")
    count = request.get("MaxResults", MAX_PAGE)
    if not 1 <= count <= MAX_PAGE:
        raise invalid(f"MaxResults must be between 1 and {MAX_PAGE}")
    columns = record["_ColumnInfo"]
    rows: list[list[str | None]] = []
    following = None
    if record["_HasRows"]:
        uri = record["ResultConfiguration"]["OutputLocation"]
        start = offset(request.get("NextToken"))
        try:
            rows, following = results.page(cloud(), uri=uri, offset=start, count=count, columns=len(columns))
        except ClientError as error:
            raise invalid(f"The result {uri} can't be read: {error.response['Error']['Message']}") from None
    answer: Json = {
        "ResultSet": {
            "Rows": [{"Data": [{} if v is None else {"VarCharValue": v} for v in row]} for row in rows],
            "ResultSetMetadata": {"ColumnInfo": columns},
        },
        "UpdateCount": record["_UpdateCount"] or 0,
    }
    return answer if following is None else {**answer, "NextToken": token(following)}


def _work_group(name: str) -> Json:
    """Return a workgroup, with Athena's defaults for settings that it lacks."""
    ministack_athena._ensure_default_workgroup()
    workgroup = ministack_athena._workgroups.get(name)
    if workgroup is None:
        raise invalid(f"WorkGroup {name} is not found.")
    defaults = {
        "ResultConfiguration": {},
        "EnforceWorkGroupConfiguration": name != "primary",
        "PublishCloudWatchMetricsEnabled": False,
        "RequesterPaysEnabled": False,
        "EngineVersion": ENGINE_VERSION,
    }
    configuration = {**defaults, **(workgroup.get("Configuration") or {})}
    enforced = str(configuration["EnforceWorkGroupConfiguration"]).lower() == "true"
    return {**workgroup, "Configuration": {**configuration, "EnforceWorkGroupConfiguration": enforced}}


def get_work_group(request: Json) -> Json:
    return {"WorkGroup": _work_group(request.get("WorkGroup", ""))}


OPERATIONS: dict[str, Callable[[Json], Json]] = {
    "StartQueryExecution": start_query_execution,
    "GetQueryExecution": get_query_execution,
    "BatchGetQueryExecution": batch_get_query_execution,
    "GetQueryResults": get_query_results,
    "GetQueryRuntimeStatistics": get_query_runtime_statistics,
    "ListEngineVersions": list_engine_versions,
    "StopQueryExecution": stop_query_execution,
    "ListQueryExecutions": list_query_executions,
    "GetWorkGroup": get_work_group,
    "GetDatabase": catalog_operations.get_database,
    "ListDatabases": catalog_operations.list_databases,
    "GetTableMetadata": catalog_operations.get_table_metadata,
    "ListTableMetadata": catalog_operations.list_table_metadata,
}
