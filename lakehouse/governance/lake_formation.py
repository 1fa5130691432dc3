"""Bring Lake Formation in line with the contracts: tags of tables and columns, row filters and their grants."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

import boto3
from botocore.exceptions import ClientError

from lakehouse.contracts.classification import UNCLASSIFIED, Classification
from lakehouse.contracts.model import Contract
from lakehouse.engine.role_arns import role_arn
from lakehouse.errors import LakehouseError
from lakehouse.governance import default_database
from lakehouse.governance.conflicts import retried
from lakehouse.governance.roles import ROLES, Role, is_filtered, visible
from lakehouse.governance.tag_keys import CLASSIFICATION, DOMAIN, ROWS
from lakehouse.governance.tags import Rows, TaggedTable, of_contracts
from lakehouse.names import Names
from lakehouse.tables.diff import Action, Change

if TYPE_CHECKING:
    from mypy_boto3_lakeformation import LakeFormationClient
    from mypy_boto3_lakeformation.type_defs import DataCellsFilterTypeDef, ResourceTypeDef

TABLES_AT_ONCE = 8


class Step(NamedTuple):
    """A change and the function that applies it."""

    change: Change
    apply: Callable[[], object]


def plan(client: "LakeFormationClient", contracts: Iterable[Contract], *, names: Names) -> list[Change]:
    """Return the differences between Lake Formation and the contracts, in the order of `apply`; changes nothing.

    A domain that is not deployed yet is reported (`Action.WAIT`) and skipped; this grants no role less.
    """
    changes = [step.change for step in _all_steps(client, contracts, names)]
    return changes + default_database.plan(boto3.client("glue"), client)


def apply(client: "LakeFormationClient", contracts: Iterable[Contract], *, names: Names) -> list[Change]:
    """Tag the existing tables and their columns, and create row filters with their grants.

    Also create the database `default` of the account if it does not exist, and make it visible.

    Returns:
        the changes that were made, and those that wait for a deployment.

    Raises:
        LakehouseError: an LF-Tag is not deployed.
    """
    steps = _all_steps(client, contracts, names)
    for step in steps:
        step.apply()
    return [step.change for step in steps] + default_database.apply(boto3.client("glue"), client)


def _all_steps(client: "LakeFormationClient", contracts: Iterable[Contract], names: Names) -> list[Step]:
    steps = partial(_steps, client, names, _deployed_domains(client))
    with ThreadPoolExecutor(TABLES_AT_ONCE) as pool:
        return list(chain.from_iterable(pool.map(list, map(steps, of_contracts(contracts, names=names)))))


def _deployed_domains(client: "LakeFormationClient") -> set[str]:
    try:
        return {*client.get_lf_tag(TagKey=DOMAIN)["TagValues"]}
    except ClientError as error:
        if error.response["Error"]["Code"] == "EntityNotFoundException":
            return set()
        raise


def _steps(client: "LakeFormationClient", names: Names, domains: set[str], table: TaggedTable) -> Iterator[Step]:
    place = {"DatabaseName": table.area.database(names), "Name": table.name}
    on_table, on_columns = _assigned(client, place)
    tags = {ROWS: str(Rows.ALL), **table.tags}
    if tags[DOMAIN] not in domains:
        detail = f"tag {DOMAIN}={tags.pop(DOMAIN)} waits for `cdk deploy`, which adds the value to the LF-Tag"
        yield Step(_change(place, detail, action=Action.WAIT), lambda: None)
    # Rows are hidden before filters that show some of them are created, and shown after the filters are deleted.
    filters = list(_filter_steps(client, names, table))
    if table.row_filter:
        yield from _table_steps(client, place, tags, on_table)
        yield from filters
    else:
        yield from filters
        yield from _table_steps(client, place, tags, on_table)
    for classification in Classification:
        columns = [
            name
            for name, expected in table.columns.items()
            if expected is classification and on_columns.get(name, UNCLASSIFIED) != expected
        ]
        if columns:
            detail = f"classify as {classification}: {', '.join(columns)}"
            resource: ResourceTypeDef = {
                "TableWithColumns": {
                    "DatabaseName": place["DatabaseName"],
                    "Name": place["Name"],
                    "ColumnNames": columns,
                }
            }
            yield Step(_change(place, detail), partial(_tag, client, resource, CLASSIFICATION, classification))


def _table_steps(
    client: "LakeFormationClient", place: dict[str, str], tags: dict[str, str], assigned: dict[str, str]
) -> Iterator[Step]:
    for key, value in tags.items():
        if assigned.get(key, Rows.ALL if key == ROWS else None) != value:
            resource: ResourceTypeDef = {"Table": {"DatabaseName": place["DatabaseName"], "Name": place["Name"]}}
            yield Step(_change(place, f"tag {key}={value}"), partial(_tag, client, resource, key, value))


def _filter_steps(client: "LakeFormationClient", names: Names, table: TaggedTable) -> Iterator[Step]:
    place = {"DatabaseName": table.area.database(names), "Name": table.name}
    answer = client.list_data_cells_filter(Table={"DatabaseName": place["DatabaseName"], "Name": place["Name"]})
    existing = {data["Name"]: data for data in answer["DataCellsFilters"]}
    expected = {role.name: _filter(role, table, names) for role in ROLES.values() if is_filtered(role, table)}
    for name, data in expected.items():
        old = existing.get(name)
        same = old and (old["RowFilter"], {*old["ColumnNames"]}) == (data["RowFilter"], {*data["ColumnNames"]})
        if not (same and _is_granted(client, data)):
            detail = f"row filter of {name}s: {table.row_filter} ({len(data['ColumnNames'])} columns)"
            yield Step(_change(place, detail), partial(_put_filter, client, data, names, exists=old is not None))
    for name in existing.keys() - expected.keys():
        delete = partial(
            client.delete_data_cells_filter,
            TableCatalogId=names.account,
            DatabaseName=place["DatabaseName"],
            TableName=place["Name"],
            Name=name,
        )
        remove = partial(retried, delete, subject=f"{place['DatabaseName']}.{place['Name']}")
        yield Step(_change(place, f"delete row filter of {name}s"), remove)


def _filter(role: Role, table: TaggedTable, names: Names) -> "DataCellsFilterTypeDef":
    return {
        "TableCatalogId": names.account,
        "DatabaseName": table.area.database(names),
        "TableName": table.name,
        "Name": role.name,
        "RowFilter": {"FilterExpression": table.row_filter},
        "ColumnNames": visible(role, table),
    }


def _put_filter(client: "LakeFormationClient", data: "DataCellsFilterTypeDef", names: Names, *, exists: bool) -> None:
    """Create or update a filter, and grant it to the role after which it is named."""
    subject = f"{data['DatabaseName']}.{data['TableName']}"
    put = client.update_data_cells_filter if exists else client.create_data_cells_filter
    retried(lambda: put(TableData=data), subject=subject)
    principal = role_arn(names.role(data["Name"]), names=names)
    retried(
        lambda: client.grant_permissions(
            Principal={"DataLakePrincipalIdentifier": principal}, Resource=_named(data), Permissions=["SELECT"]
        ),
        subject=subject,
    )


def _is_granted(client: "LakeFormationClient", data: "DataCellsFilterTypeDef") -> bool:
    return bool(client.list_permissions(Resource=_named(data))["PrincipalResourcePermissions"])


def _named(data: "DataCellsFilterTypeDef") -> "ResourceTypeDef":
    return {
        "DataCellsFilter": {
            "TableCatalogId": data["TableCatalogId"],
            "DatabaseName": data["DatabaseName"],
            "TableName": data["TableName"],
            "Name": data["Name"],
        }
    }


def _assigned(client: "LakeFormationClient", place: dict[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Return the tags of a table and the classifications of its columns that are not inherited; empty without table."""
    try:
        answer = client.get_resource_lf_tags(
            Resource={"Table": {"DatabaseName": place["DatabaseName"], "Name": place["Name"]}}, ShowAssignedLFTags=True
        )
    except ClientError as error:
        if error.response["Error"]["Code"] == "EntityNotFoundException":
            return {}, {}
        raise
    on_table = {tag["TagKey"]: tag["TagValues"][0] for tag in answer.get("LFTagsOnTable", [])}
    on_columns = {
        column["Name"]: tag["TagValues"][0]
        for column in answer.get("LFTagsOnColumns", [])
        for tag in column["LFTags"]
        if tag["TagKey"] == CLASSIFICATION
    }
    return on_table, on_columns


def _tag(client: "LakeFormationClient", resource: "ResourceTypeDef", key: str, value: str) -> None:
    answer = retried(
        lambda: client.add_lf_tags_to_resource(Resource=resource, LFTags=[{"TagKey": key, "TagValues": [value]}]),
        subject=str(resource),
    )
    for failure in answer["Failures"]:
        error = failure["Error"]
        raise LakehouseError(
            f"{resource}: LF-Tag {key}={value} was refused: {error['ErrorMessage']} "
            "Deploy the stacks first (`cdk deploy --all`): they own the tags"
        )


def _change(place: dict[str, str], detail: str, *, action: Action = Action.GOVERN) -> Change:
    return Change(table=f"{place['DatabaseName']}.{place['Name']}", action=action, detail=detail)
