"""Glue's catalog as Lake Formation lets a role see and change it: refused by name, filtered, or answered."""

import json
import os
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
import requests
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import ClientError

from emulator.runtime import server_lifecycle
from tests.support.emulator.callers import Caller, as_root, close_lake, denying_server, open_lake

DATABASE, BUCKET, FREE = "decided", "decided-lake", "decided-free"
LAKE = f"arn:aws:s3:::{BUCKET}"
COLUMNS = ("id", "email", "country")
OPEN = [{"Principal": {"DataLakePrincipalIdentifier": "IAM_ALLOWED_PRINCIPALS"}, "Permissions": ["ALL"]}]


def storage(where: str = f"s3://{FREE}/people") -> dict[str, Any]:
    return {"Columns": [{"Name": name, "Type": "string"} for name in COLUMNS], "Location": where}


def table(name: str = "people", **members: Any) -> dict[str, Any]:
    return {"DatabaseName": DATABASE, "Name": name, **members}


def new_table(name: str, where: str = f"s3://{FREE}/new", **members: Any) -> dict[str, Any]:
    return {"DatabaseName": DATABASE, "TableInput": {"Name": name, "StorageDescriptor": storage(where), **members}}


def columns_of(answer: dict[str, Any]) -> list[str]:
    return [column["Name"] for column in answer["StorageDescriptor"]["Columns"]]


def refused(call: Callable[..., Any], **request: Any) -> str:
    with pytest.raises(ClientError) as error:
        call(**request)
    found = error.value.response["Error"]
    return f"{found['Code']}: {found['Message']}"


def denied(permission: str, name: str) -> str:
    return f"AccessDeniedException: Insufficient Lake Formation permission(s): Required {permission} on {name}"


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[server_lifecycle.Server]:
    """A server of this module that denies what Lake Formation does not allow."""
    with denying_server(tmp_path_factory.mktemp("denying")) as server:
        yield server


@pytest.fixture(scope="module")
def lake(aws: server_lifecycle.Server) -> Iterator[Any]:
    """Root's Glue: a closed database with the tables `people` and `orders`, and a registered bucket."""
    glue, formation = as_root("glue"), as_root("lakeformation")
    close_lake(Caller("lake-administrator").arn)
    formation.register_resource(ResourceArn=LAKE, UseServiceLinkedRole=True)
    glue.create_database(DatabaseInput={"Name": DATABASE, "LocationUri": f"s3://{BUCKET}/own"})
    for name in ("people", "orders"):
        parameters = {"spark.sql.sources.schema.part.0": json.dumps(COLUMNS), "owner": "us"}
        glue.create_table(**new_table(name, Parameters=parameters))
    formation.create_lf_tag(TagKey="area", TagValues=["shop", "none"])
    formation.add_lf_tags_to_resource(
        Resource={"Table": table("orders")}, LFTags=[{"TagKey": "area", "TagValues": ["shop"]}]
    )
    yield glue
    formation.deregister_resource(ResourceArn=LAKE)
    glue.delete_database(Name=DATABASE)
    open_lake()


@pytest.fixture
def caller(lake: Any) -> Iterator[Caller]:
    """A role that has no grant yet."""
    caller = Caller("decided-upon")
    yield caller
    caller.revoke_all()


@pytest.fixture
def glue(caller: Caller) -> Any:
    return caller.client("glue")


# --- Reads ---------------------------------------------------------------------------------------------------


def test_what_is_not_granted_is_not_named(glue: Any) -> None:
    assert refused(glue.get_table, **table()) == denied("Describe", "people")
    assert refused(glue.get_table, **table("nothing")) == denied("Describe", "nothing")
    assert refused(glue.get_database, Name=DATABASE) == denied("Describe", DATABASE)
    assert refused(glue.get_tables, DatabaseName=DATABASE) == denied("Describe", DATABASE)
    assert DATABASE not in [entry["Name"] for entry in glue.get_databases()["DatabaseList"]]
    versions = {"DatabaseName": DATABASE, "TableName": "people"}
    assert refused(glue.get_table_versions, **versions) == denied("Describe", "people")
    assert refused(glue.get_partitions, **versions) == denied("Describe", "people")


def test_who_may_create_is_told_what_does_not_exist(caller: Caller, glue: Any) -> None:
    caller.grant({"Database": {"Name": DATABASE}}, "CREATE_TABLE")
    assert refused(glue.get_table, **table("nothing")).startswith("EntityNotFoundException")
    assert refused(glue.get_table, **table()) == denied("Describe", "people")
    # In a new account everybody creates databases.
    assert refused(glue.get_database, Name="nowhere").startswith("EntityNotFoundException")


def test_lists_have_what_is_seen(caller: Caller, glue: Any) -> None:
    caller.grant({"Table": table("orders")}, "DESCRIBE")
    assert [entry["Name"] for entry in glue.get_tables(DatabaseName=DATABASE)["TableList"]] == ["orders"]
    assert DATABASE in [entry["Name"] for entry in glue.get_databases()["DatabaseList"]]
    assert glue.get_database(Name=DATABASE)["Database"]["Name"] == DATABASE
    caller.grant({"Table": {"DatabaseName": DATABASE, "TableWildcard": {}}}, "DESCRIBE")
    first = glue.get_tables(DatabaseName=DATABASE, MaxResults=1)
    second = glue.get_tables(DatabaseName=DATABASE, MaxResults=1, NextToken=first["NextToken"])
    assert [answer["TableList"][0]["Name"] for answer in (first, second)] == ["orders", "people"]


def test_a_table_has_the_columns_that_are_selected(caller: Caller, glue: Any) -> None:
    caller.grant({"TableWithColumns": table(ColumnNames=["id", "country"])}, "SELECT")
    found = glue.get_table(**table())["Table"]
    assert columns_of(found) == ["id", "country"]
    assert found["Parameters"] == {"owner": "us"}
    assert columns_of(glue.get_tables(DatabaseName=DATABASE)["TableList"][0]) == ["id", "country"]
    [version] = glue.get_table_versions(DatabaseName=DATABASE, TableName="people")["TableVersions"]
    assert columns_of(version["Table"]) == ["id", "country"]


def test_who_only_describes_sees_the_names_of_all_columns(caller: Caller, glue: Any) -> None:
    caller.grant({"Table": table()}, "DESCRIBE")
    assert columns_of(glue.get_table(**table())["Table"]) == [*COLUMNS]


def test_a_grant_by_tags_shows_a_table(caller: Caller, glue: Any) -> None:
    expression = [{"TagKey": "area", "TagValues": ["shop"]}]
    caller.grant({"LFTagPolicy": {"ResourceType": "TABLE", "Expression": expression}}, "SELECT", "DESCRIBE")
    assert columns_of(glue.get_table(**table("orders"))["Table"]) == [*COLUMNS]
    assert refused(glue.get_table, **table()) == denied("Describe", "people")


def test_an_administrator_describes_everything_and_drops_nothing(lake: Any) -> None:
    glue = Caller("lake-administrator").client("glue")
    assert columns_of(glue.get_table(**table())["Table"]) == [*COLUMNS]
    assert refused(glue.get_table, **table("nothing")).startswith("EntityNotFoundException")
    assert refused(glue.delete_table, **table()) == denied("Drop", "people")
    assert refused(glue.delete_database, Name=DATABASE) == denied("Drop", DATABASE)
    assert refused(glue.update_table, **new_table("people")) == denied("Alter", "people")
    assert refused(glue.create_table, **new_table("mine")) == denied("Create Table", DATABASE)


def test_partitions_and_statistics_show_no_hidden_column(lake: Any, caller: Caller, glue: Any) -> None:
    keys = [{"Name": "day", "Type": "string"}]
    lake.create_table(**new_table("parted", PartitionKeys=keys))
    partition = {"Values": ["2024-01-01"], "StorageDescriptor": storage()}
    lake.create_partition(DatabaseName=DATABASE, TableName="parted", PartitionInput=partition)
    place = {"DatabaseName": DATABASE, "TableName": "parted"}
    caller.grant({"TableWithColumns": table("parted", ColumnNames=["id"])}, "SELECT")
    assert refused(glue.get_partitions, **place) == denied("Select", "parted.day")
    statistics = {**place, "ColumnNames": ["id", "email"]}
    assert refused(glue.get_column_statistics_for_table, **statistics) == denied("Select", "parted.email")
    caller.grant({"TableWithColumns": table("parted", ColumnNames=["day"])}, "SELECT")
    [found] = glue.get_partitions(**place)["Partitions"]
    assert columns_of(found) == ["id"]
    assert columns_of(glue.get_partition(**place, PartitionValues=["2024-01-01"])["Partition"]) == ["id"]
    assert refused(glue.create_partition, **place, PartitionInput=partition) == denied("Alter", "parted")
    assert refused(glue.delete_partition, **place, PartitionValues=["2024-01-01"]) == denied("Alter", "parted")
    assert len(lake.get_partitions(**place)["Partitions"]) == 1
    lake.delete_table(**table("parted"))


def test_only_the_engine_reads_unfiltered_metadata(caller: Caller, glue: Any) -> None:
    caller.grant({"TableWithColumns": table(ColumnNames=["id"])}, "SELECT")
    request = {**table(), "CatalogId": "000000000000", "SupportedPermissionTypes": ["COLUMN_PERMISSION"]}
    assert refused(glue.get_unfiltered_table_metadata, **request).startswith("AccessDeniedException")


# --- Changes -------------------------------------------------------------------------------------------------


def test_changes_need_their_permission_and_leave_nothing_half_done(lake: Any, caller: Caller, glue: Any) -> None:
    caller.grant({"Table": {"DatabaseName": DATABASE, "TableWildcard": {}}}, "SELECT", "DESCRIBE", "INSERT")
    before = lake.get_tables(DatabaseName=DATABASE)["TableList"]
    assert refused(glue.create_table, **new_table("mine")) == denied("Create Table", DATABASE)
    assert refused(glue.update_table, **new_table("people")) == denied("Alter", "people")
    assert refused(glue.delete_table, **table()) == denied("Drop", "people")
    errors = glue.batch_delete_table(DatabaseName=DATABASE, TablesToDelete=["people", "orders"])["Errors"]
    assert [error["ErrorDetail"]["ErrorCode"] for error in errors] == ["AccessDeniedException"] * 2
    assert refused(glue.update_database, Name=DATABASE, DatabaseInput={"Name": DATABASE}) == denied("Alter", DATABASE)
    assert refused(glue.delete_database, Name=DATABASE) == denied("Drop", DATABASE)
    assert lake.get_tables(DatabaseName=DATABASE)["TableList"] == before


def test_who_creates_a_table_owns_it_until_it_is_dropped(lake: Any, caller: Caller, glue: Any) -> None:
    caller.grant({"Database": {"Name": DATABASE}}, "CREATE_TABLE")
    glue.create_table(**new_table("mine"))
    assert columns_of(glue.get_table(**table("mine"))["Table"]) == [*COLUMNS]
    glue.update_table(**new_table("mine"))
    glue.delete_table(**table("mine"))
    lake.create_table(**new_table("mine"))
    assert refused(glue.get_table, **table("mine")) == denied("Describe", "mine")
    lake.delete_table(**table("mine"))


def test_a_registered_location_needs_a_permission_of_its_own(lake: Any, caller: Caller, glue: Any) -> None:
    caller.grant({"Database": {"Name": DATABASE}}, "CREATE_TABLE")
    outside = f"s3://{BUCKET}/other/mine"
    said = f"Insufficient Lake Formation permission(s) on {outside} (Database name: {DATABASE}, Table name: mine)"
    assert refused(glue.create_table, **new_table("mine", outside)) == f"AccessDeniedException: {said}"
    # A location within that of the database needs none to create a table, and one to change it.
    within = new_table("mine", f"s3://{BUCKET}/own/mine")
    glue.create_table(**within)
    assert "permission(s) on s3" in refused(glue.update_table, **within)
    caller.grant({"DataLocation": {"ResourceArn": LAKE}}, "DATA_LOCATION_ACCESS")
    glue.update_table(**within)
    glue.delete_table(**table("mine"))
    glue.create_table(**new_table("mine", outside))
    glue.delete_table(**table("mine"))


def test_databases_are_created_by_all_until_that_is_revoked(lake: Any, caller: Caller, glue: Any) -> None:
    glue.create_database(DatabaseInput={"Name": "of-caller"})
    glue.delete_database(Name="of-caller")
    formation = as_root("lakeformation")
    everybody: Any = {"DataLakePrincipalIdentifier": "IAM_ALLOWED_PRINCIPALS"}
    request: Any = {"Principal": everybody, "Resource": {"Catalog": {}}, "Permissions": ["CREATE_DATABASE"]}
    formation.revoke_permissions(**request)
    try:
        said = refused(glue.create_database, DatabaseInput={"Name": "of-caller"})
        assert said == denied("Create Database", "Catalog")
        assert refused(glue.get_database, Name="nowhere") == denied("Describe", "nowhere")
    finally:
        formation.grant_permissions(**request)


def test_default_permissions_open_new_databases_and_tables_to_all(lake: Any, glue: Any) -> None:
    open_lake()
    lake.create_database(DatabaseInput={"Name": "open"})
    lake.create_database(DatabaseInput={"Name": "half_open", "CreateTableDefaultPermissions": []})
    close_lake(Caller("lake-administrator").arn)
    for database in ("open", "half_open"):
        lake.create_table(DatabaseName=database, TableInput={"Name": "t", "StorageDescriptor": storage()})
    assert glue.get_database(Name="open")["Database"]["CreateTableDefaultPermissions"] == OPEN
    assert columns_of(glue.get_table(DatabaseName="open", Name="t")["Table"]) == [*COLUMNS]
    assert refused(glue.get_table, DatabaseName="half_open", Name="t") == denied("Describe", "t")
    glue.delete_table(DatabaseName="open", Name="t")
    for database in ("open", "half_open"):
        glue.delete_database(Name=database)


def test_the_iceberg_rest_endpoint_is_for_root(lake: Any, caller: Caller) -> None:
    caller.grant({"Table": table()}, "SELECT")
    for session, status in ((caller.session, 403), (boto3.Session("000000000000", "local"), 200)):
        endpoint = os.environ["AWS_ENDPOINT_URL"]
        request = AWSRequest("GET", f"{endpoint}/iceberg/v1/catalogs/000000000000/namespaces")
        SigV4Auth(session.get_credentials(), "glue", os.environ["AWS_REGION"]).add_auth(request)
        prepared = request.prepare()
        assert requests.get(prepared.url, headers=dict(prepared.headers), timeout=10).status_code == status


def test_root_is_not_restricted(lake: Any) -> None:
    assert columns_of(lake.get_table(**table())["Table"]) == [*COLUMNS]
