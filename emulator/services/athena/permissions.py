"""The resources of Athena's requests: workgroups, also of the queries that a request names by id, and data catalogs.

Source: Service Authorization Reference, "Actions, resources, and condition keys for Amazon Athena".
"""

from collections.abc import Iterable
from typing import Any

from emulator.runtime.plugin import Request

_ACCOUNT = frozenset({"ListWorkGroups", "ListDataCatalogs", "ListEngineVersions", "ListCapacityReservations"})


def resources(request: Request) -> Iterable[str]:
    """Return the resources of a request."""
    members = request.json
    if request.operation in _ACCOUNT:
        return ["*"]
    if "ResourceARN" in members:
        return [members["ResourceARN"]]
    catalog = members.get("CatalogName") or (members.get("Name") if "DataCatalog" in request.operation else None)
    if catalog:
        return [request.arn(f"datacatalog/{catalog}")]
    ids = members.get("QueryExecutionIds") or [members[name] for name in ("QueryExecutionId",) if name in members]
    queries = members.get("NamedQueryIds") or [members[name] for name in ("NamedQueryId",) if name in members]
    groups = {_of_execution(query_id) for query_id in ids} | {_of_named_query(query_id) for query_id in queries}
    if not groups:
        named = members.get("Name") if request.operation.endswith("WorkGroup") else None
        groups = {members.get("WorkGroup") or named or "primary"}
    return sorted(request.arn(f"workgroup/{group}") for group in groups)


def _of_execution(query_id: str) -> str:
    from emulator.athena.api import operations

    record: dict[str, Any] = operations._current_executions().records.get(query_id) or {}
    return str(record.get("WorkGroup", "primary"))


def _of_named_query(query_id: str) -> str:
    from ministack.services import athena  # type: ignore[import-untyped]

    return str((athena._named_queries.get(query_id) or {}).get("WorkGroup", "primary"))
