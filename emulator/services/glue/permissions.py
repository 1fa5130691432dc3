"""The resources of Glue's requests: the catalog and each ancestor of what is named, or a job, a ruleset ...

Source: AWS Glue developer guide, "Specifying AWS Glue resource ARNs": a request on a table needs its action on the
catalog, the database and the table; to delete a database also on all its tables and functions.
"""

from collections.abc import Iterable

from emulator.runtime.plugin import Check, Json, Request

_NAMED = {
    "Job": "job",
    "JobRun": "job",
    "JobRuns": "job",
    "DataQualityRuleset": "dataQualityRuleset",
    "Crawler": "crawler",
    "Connection": "connection",
    "Trigger": "trigger",
    "Workflow": "workflow",
}
"""For the ends of operations' names: the type of the resource that JobName or Name names."""


_UNFILTERED = {
    "GetUnfilteredTableMetadata": "glue:GetTable",
    "GetUnfilteredPartitionsMetadata": "glue:GetPartitions",
}
"""For the operations of query engines: the action that they need."""


def resources(request: Request) -> Iterable[str | Check]:
    """Return the resources of a request."""
    members, operation = request.json, request.operation
    kind = next((kind for end, kind in _NAMED.items() if operation.endswith(end)), None)
    if operation == "CreateDataQualityRuleset":  # the action has no resource type
        return ["*"]
    if kind is not None and not operation.startswith(("List", "GetJobs")):
        name = members.get("JobName") or members.get("Name") or (members.get("ConnectionInput") or {}).get("Name")
        found = [request.arn(f"{kind}/{name}")] if name else ["*"]
        return [request.arn("catalog"), *found] if kind == "connection" else found
    if operation in ("TagResource", "UntagResource", "GetTags"):
        return [members.get("ResourceArn", "*")]
    if operation == "BatchGetTableOptimizer":
        entries = members.get("Entries", [])
        return [arn for entry in entries for arn in _table(request, entry["databaseName"], entry["tableName"])]
    database = members.get("DatabaseName") or members.get("databaseName")
    if database:
        found = [arn for table in _tables(operation, members) for arn in _table(request, database, table)]
        action = _UNFILTERED.get(operation)
        return [Check(action=action, resource=arn) for arn in found] if action else found
    if operation.endswith("Database"):
        named = members.get("Name") or (members.get("DatabaseInput") or {}).get("Name")
        below = ("table", "userDefinedFunction") if operation == "DeleteDatabase" else ()
        return [*_table(request, str(named), None), *(request.arn(f"{kind}/{named}/*") for kind in below)]
    return [request.arn("catalog")] if operation.endswith(("Databases", "Catalogs", "SearchTables")) else ["*"]


def _tables(operation: str, members: Json) -> list[str | None]:
    """Return the tables that a request names; None for one that names a database only."""
    if operation == "GetTables":
        return ["*"]
    if "TablesToDelete" in members:
        return list(members["TablesToDelete"])
    named = members.get("TableName") or (members.get("TableInput") or {}).get("Name")
    return [named or members.get("Name") or members.get("tableName")]


def _table(request: Request, database: str, table: str | None) -> list[str]:
    ancestors = [request.arn("catalog"), request.arn(f"database/{database.lower()}")]
    return [*ancestors, *([request.arn(f"table/{database.lower()}/{table.lower()}")] if table else [])]
