"""Athena's API in the embedded AWS: executions, results, workgroups as queries see them, the catalog."""

import base64
import binascii
import re
import threading
import uuid
from collections.abc import Callable
from functools import partial
from typing import Any

from botocore.exceptions import ClientError
from ministack.services import athena as ministack_athena  # type: ignore[import-untyped]

from emulator.athena.api import STATE, results
from emulator.athena.api.executions import FINAL, Executions, Record, describe, interrupted, new_record, shown
from emulator.athena.parsing.parse import parse
from emulator.athena.runtime.cloud import Cloud, connect
from emulator.athena.runtime.errors import AthenaError, MalformedQueryError
from emulator.athena.runtime.run import Context
from emulator.athena.tables import catalog
from emulator.runtime import checkpoint, plugin
from emulator.runtime.plugin import AwsError, Json

MAX_PAGE = 1000
LIST_PAGE = 50
QUERY_CHARACTERS = 262144

_executions: dict[tuple[str, str], Executions] = {}
_lock = threading.Lock()


def save() -> Json:
    """The executions of every account and region, as JSON values."""
    return {f"{account} {region}": dict(one.records) for (account, region), one in list(_executions.items())}


def load(state: Json) -> None:
    """Take the executions that an earlier server left."""
    for key, records in state.items():
        account, region = key.split()
        _of(account, region).records = {query_id: interrupted(record) for query_id, record in records.items()}


def close() -> None:
    """Stop everything that runs."""
    for one in list(_executions.values()):
        one.close()


def _of(account: str, region: str) -> Executions:
    key = (account, region)
    with _lock:
        if key not in _executions:
            _executions[key] = Executions(partial(checkpoint.mark, STATE))
        return _executions[key]


def _mine() -> Executions:
    return _of(plugin.account(), plugin.region())


def _cloud() -> Cloud:
    return connect(endpoint=plugin.endpoint, account=plugin.account(), region=plugin.region())


def _invalid(message: str) -> AwsError:
    return AwsError("InvalidRequestException", message)


# --- queries ----------------------------------------------------------------------------------------------------------


def start_query_execution(request: Json) -> Json:
    """Check what can be checked at once, then queue the statement."""
    sql = request.get("QueryString", "")
    if not 0 < len(sql) <= QUERY_CHARACTERS:
        raise _invalid(f"QueryString must have 1 to {QUERY_CHARACTERS} characters")
    token = request.get("ClientRequestToken")
    same = next((r for r in list(_mine().records.values()) if token and r.get("_Token") == token), None)
    if same is not None:
        if same["Query"] != sql:
            raise _invalid("Idempotent parameters do not match")
        return {"QueryExecutionId": same["QueryExecutionId"]}
    workgroup = request.get("WorkGroup", "primary")
    settings = _work_group(workgroup)
    if settings["State"] == "DISABLED":
        raise _invalid(f"WorkGroup {workgroup} is disabled.")
    configuration = settings["Configuration"]
    context, encryption = _context(request, workgroup, configuration)
    record = new_record(context, sql=sql, workgroup=workgroup, encryption=encryption)
    record["_Token"] = token
    try:
        describe(record, parse(sql), context)
    except MalformedQueryError as error:
        raise _invalid(str(error)) from None
    except AthenaError:
        record["StatementType"] = "UTILITY"  # the execution fails, and says why
    limit = configuration.get("BytesScannedCutoffPerQuery")
    _mine().submit(record, context, limit=int(limit) if limit else None, encryption=encryption)
    checkpoint.mark(STATE)
    return {"QueryExecutionId": context.query_id}


def _context(request: Json, workgroup: str, configuration: Json) -> tuple[Context, dict[str, str]]:
    """What the statement is run with, and how its result is encrypted."""
    own = request.get("ResultConfiguration", {})
    theirs = configuration.get("ResultConfiguration", {})
    enforced = bool(configuration["EnforceWorkGroupConfiguration"])
    chosen = theirs if enforced else {**theirs, **own}
    output = chosen.get("OutputLocation")
    if not output:
        raise _invalid(
            "No output location provided. An output location is required either through the Workgroup result "
            "configuration setting or as an API input."
        )
    place = request.get("QueryExecutionContext", {})
    if place.get("Catalog", catalog.CATALOG).lower() != catalog.CATALOG:
        raise _invalid(f"Catalog {place['Catalog']} is not supported: this Athena has AwsDataCatalog alone")
    context = Context(
        cloud=_cloud(),
        database=place.get("Database", "default").lower(),
        workgroup=workgroup,
        output=output.rstrip("/") + "/",
        output_enforced=enforced and bool(theirs.get("OutputLocation")),
        query_id=str(uuid.uuid4()),
        scratch=plugin.root / "tmp",
        parameters=tuple(request.get("ExecutionParameters", [])),
    )
    return context, dict(chosen.get("EncryptionConfiguration", {}))


def _record(request: Json) -> Record:
    query_id = request.get("QueryExecutionId", "")
    record = _mine().records.get(query_id)
    if record is None:
        raise _invalid(f"QueryExecution {query_id} was not found")
    return record


def get_query_execution(request: Json) -> Json:
    return {"QueryExecution": shown(_record(request))}


def batch_get_query_execution(request: Json) -> Json:
    records = _mine().records
    wanted = request.get("QueryExecutionIds", [])
    missing = [
        {"QueryExecutionId": query_id, "ErrorCode": "INVALID_INPUT", "ErrorMessage": "was not found"}
        for query_id in wanted
        if query_id not in records
    ]
    found = [shown(records[query_id]) for query_id in wanted if query_id in records]
    return {"QueryExecutions": found, "UnprocessedQueryExecutionIds": missing}


def stop_query_execution(request: Json) -> Json:
    record = _record(request)
    _mine().stop(record["QueryExecutionId"])
    return {}


def list_query_executions(request: Json) -> Json:
    workgroup = request.get("WorkGroup", "primary")
    ids = [query_id for query_id, r in reversed(list(_mine().records.items())) if r["WorkGroup"] == workgroup]
    return _page(request, "QueryExecutionIds", ids, default=LIST_PAGE)


def get_query_results(request: Json) -> Json:
    """A page of a result. The first row of a query's result has the names of its columns."""
    record = _record(request)
    state = record["Status"]["State"]
    if state not in FINAL:
        raise _invalid(f"Query has not yet finished. Current state: {state}")
    if state != "SUCCEEDED":
        raise _invalid(f"Query did not finish successfully. Final query state: {state}")
    count = request.get("MaxResults", MAX_PAGE)
    if not 1 <= count <= MAX_PAGE:
        raise _invalid(f"MaxResults must be between 1 and {MAX_PAGE}")
    columns = record["_ColumnInfo"]
    rows: list[list[str | None]] = []
    following = None
    if record["_HasRows"]:
        uri = record["ResultConfiguration"]["OutputLocation"]
        offset = _offset(request.get("NextToken"))
        try:
            rows, following = results.page(_cloud(), uri=uri, offset=offset, count=count, columns=len(columns))
        except ClientError as error:
            raise _invalid(f"The result {uri} can't be read: {error.response['Error']['Message']}") from None
    answer: Json = {
        "ResultSet": {
            "Rows": [{"Data": [{} if v is None else {"VarCharValue": v} for v in row]} for row in rows],
            "ResultSetMetadata": {"ColumnInfo": columns},
        },
        "UpdateCount": record["_UpdateCount"] or 0,
    }
    return answer if following is None else {**answer, "NextToken": _token(following)}


def _token(offset: int) -> str:
    return base64.b64encode(str(offset).encode()).decode()


def _offset(token: str | None) -> int:
    try:
        return int(base64.b64decode(token, validate=True)) if token else 0
    except (binascii.Error, ValueError):
        raise _invalid("Invalid NextToken") from None


def _page(request: Json, name: str, items: list[Any], *, default: int) -> Json:
    start = _offset(request.get("NextToken"))
    end = start + int(request.get("MaxResults") or default)
    more = {"NextToken": _token(end)} if end < len(items) else {}
    return {name: items[start:end], **more}


# --- workgroups -------------------------------------------------------------------------------------------------------


def _work_group(name: str) -> Json:
    """A workgroup, with Athena's defaults for what it was not given."""
    ministack_athena._ensure_default_workgroup()
    found = ministack_athena._workgroups.get(name)
    if found is None:
        raise _invalid(f"WorkGroup {name} is not found.")
    defaults = {
        "ResultConfiguration": {},
        "EnforceWorkGroupConfiguration": name != "primary",
        "PublishCloudWatchMetricsEnabled": False,
        "RequesterPaysEnabled": False,
        "EngineVersion": {"SelectedEngineVersion": "AUTO", "EffectiveEngineVersion": "Athena engine version 3"},
    }
    configuration = {**defaults, **(found.get("Configuration") or {})}
    enforced = str(configuration["EnforceWorkGroupConfiguration"]).lower() == "true"
    return {**found, "Configuration": {**configuration, "EnforceWorkGroupConfiguration": enforced}}


def get_work_group(request: Json) -> Json:
    return {"WorkGroup": _work_group(request.get("WorkGroup", ""))}


# --- catalog ----------------------------------------------------------------------------------------------------------


def _check_catalog(request: Json) -> None:
    if request.get("CatalogName", "").lower() != catalog.CATALOG:
        raise AwsError("MetadataException", f"Catalog {request.get('CatalogName')} was not found")


def _database(found: Any) -> Json:
    parts = {"Name": found["Name"], "Parameters": found.get("Parameters") or {}}
    return {**parts, "Description": found["Description"]} if found.get("Description") else parts


def get_database(request: Json) -> Json:
    _check_catalog(request)
    found = catalog.find_database(_cloud(), request["DatabaseName"])
    if found is None:
        raise AwsError("MetadataException", f"EntityNotFoundException: Database {request['DatabaseName']} not found.")
    return {"Database": _database(found)}


def list_databases(request: Json) -> Json:
    _check_catalog(request)
    found = [_database(database) for database in catalog.databases(_cloud())]
    return _page(request, "DatabaseList", found, default=LIST_PAGE)


def _table_metadata(table: Any) -> Json:
    storage = table.get("StorageDescriptor", {})
    serde = storage.get("SerdeInfo", {})
    described = {
        "inputformat": storage.get("InputFormat"),
        "location": storage.get("Location"),
        "outputformat": storage.get("OutputFormat"),
        "serde.serialization.lib": serde.get("SerializationLibrary"),
        **{f"serde.param.{name}": value for name, value in serde.get("Parameters", {}).items()},
    }
    return {
        "Name": table["Name"],
        "CreateTime": table.get("CreateTime"),
        "LastAccessTime": table.get("LastAccessTime"),
        "TableType": table.get("TableType", "EXTERNAL_TABLE"),
        "Columns": [_column(column) for column in storage.get("Columns", [])],
        "PartitionKeys": [_column(column) for column in table.get("PartitionKeys", [])],
        "Parameters": {**table.get("Parameters", {}), **{name: value for name, value in described.items() if value}},
    }


def _column(column: Any) -> Json:
    return {key: column[key] for key in ("Name", "Type", "Comment") if column.get(key)}


def get_table_metadata(request: Json) -> Json:
    _check_catalog(request)
    found = catalog.find_table(_cloud(), request["DatabaseName"], request["TableName"].lower())
    if found is None:
        name = f"{request['DatabaseName']}.{request['TableName']}"
        raise AwsError("MetadataException", f"EntityNotFoundException: Table {name} not found.")
    return {"TableMetadata": _table_metadata(found)}


def list_table_metadata(request: Json) -> Json:
    _check_catalog(request)
    try:
        found = catalog.tables(_cloud(), request["DatabaseName"])
    except AthenaError as error:
        raise AwsError("MetadataException", f"EntityNotFoundException: {error}") from None
    pattern = request.get("Expression")
    tables = [_table_metadata(table) for table in found if not pattern or re.fullmatch(pattern, table["Name"])]
    return _page(request, "TableMetadataList", tables, default=LIST_PAGE)


OPERATIONS: dict[str, Callable[[Json], Json]] = {
    "StartQueryExecution": start_query_execution,
    "GetQueryExecution": get_query_execution,
    "BatchGetQueryExecution": batch_get_query_execution,
    "GetQueryResults": get_query_results,
    "StopQueryExecution": stop_query_execution,
    "ListQueryExecutions": list_query_executions,
    "GetWorkGroup": get_work_group,
    "GetDatabase": get_database,
    "ListDatabases": list_databases,
    "GetTableMetadata": get_table_metadata,
    "ListTableMetadata": list_table_metadata,
}
