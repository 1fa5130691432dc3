"""Lake Formation of the emulator: tags are inherited, and what does not exist is refused by name."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from emulator.runtime import server_lifecycle

TRUST = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}]}
)
DATABASE = "governed"
ROLE = "arn:aws:iam::000000000000:role/reader"


@pytest.fixture(scope="module")
def lake(aws: server_lifecycle.Server) -> Any:
    """A client, the tags `place` and `secrecy`, a role, and a database `governed` with a table."""
    client: Any = boto3.client("lakeformation")
    client.create_lf_tag(TagKey="Place", TagValues=["Raw", "curated"])
    client.create_lf_tag(TagKey="secrecy", TagValues=["internal", "restricted"])
    boto3.client("iam").create_role(RoleName="reader", AssumeRolePolicyDocument=TRUST)
    boto3.client("glue").create_database(DatabaseInput={"Name": DATABASE})
    make_table()
    return client


def make_table() -> None:
    columns = [{"Name": name, "Type": "string"} for name in ("id", "email")]
    table = {"Name": "customers", "StorageDescriptor": {"Columns": columns}}
    boto3.client("glue").create_table(DatabaseName=DATABASE, TableInput=table)


def pair(key: str, value: str) -> dict[str, Any]:
    return {"TagKey": key, "TagValues": [value]}


TABLE = {"DatabaseName": DATABASE, "Name": "customers"}
EMAIL = {"TableWithColumns": {**TABLE, "ColumnNames": ["email"]}}


def effective(lake: Any) -> dict[str, dict[str, str]]:
    """Tags of each column, inherited ones too."""
    found = lake.get_resource_lf_tags(Resource={"Table": TABLE})["LFTagsOnColumns"]
    return {item["Name"]: {tag["TagKey"]: tag["TagValues"][0] for tag in item["LFTags"]} for item in found}


def test_a_column_inherits_what_it_does_not_override(lake: Any) -> None:
    lake.add_lf_tags_to_resource(Resource={"Database": {"Name": DATABASE}}, LFTags=[pair("place", "raw")])
    lake.add_lf_tags_to_resource(Resource={"Table": TABLE}, LFTags=[pair("secrecy", "internal")])
    lake.add_lf_tags_to_resource(Resource=EMAIL, LFTags=[pair("secrecy", "restricted")])
    assert effective(lake) == {
        "id": {"place": "raw", "secrecy": "internal"},
        "email": {"place": "raw", "secrecy": "restricted"},
    }
    assigned = lake.get_resource_lf_tags(Resource={"Table": TABLE}, ShowAssignedLFTags=True)
    assert [item["Name"] for item in assigned["LFTagsOnColumns"]] == ["email"]
    assert [tag["TagKey"] for tag in assigned["LFTagsOnTable"]] == ["secrecy"]


def test_a_table_that_was_made_again_has_lost_its_tags(lake: Any) -> None:
    lake.add_lf_tags_to_resource(Resource=EMAIL, LFTags=[pair("secrecy", "restricted")])
    boto3.client("glue").delete_table(DatabaseName=DATABASE, Name="customers")
    make_table()
    assert "secrecy" not in effective(lake).get("email", {})


def test_of_grants_at_the_same_time_some_are_refused_and_none_is_lost(lake: Any) -> None:
    resource = {"Database": {"Name": DATABASE}}

    def grant(number: int) -> bool:
        principal = {"DataLakePrincipalIdentifier": f"arn:aws:iam::000000000000:role/concurrent-{number}"}
        try:
            lake.grant_permissions(Principal=principal, Resource=resource, Permissions=["DESCRIBE"])
        except lake.exceptions.ConcurrentModificationException:
            return False
        return True

    for number in range(10):
        name = f"concurrent-{number}"
        boto3.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)
    with ThreadPoolExecutor(10) as pool:
        granted = list(pool.map(grant, range(10)))
    listed = lake.list_permissions(Resource=resource)["PrincipalResourcePermissions"]
    principals = {entry["Principal"]["DataLakePrincipalIdentifier"] for entry in listed}
    assert 0 < sum(granted) < 10
    assert sum("concurrent" in principal for principal in principals) == sum(granted)


@pytest.mark.parametrize("tag", [pair("secrecy", "secret"), pair("colour", "red")])
def test_a_tag_or_value_that_does_not_exist_is_a_failure_by_name(lake: Any, tag: dict[str, Any]) -> None:
    answer = lake.add_lf_tags_to_resource(Resource={"Table": TABLE}, LFTags=[tag])
    [failure] = answer["Failures"]
    assert failure["LFTag"] == tag
    assert failure["Error"]["ErrorCode"] == "EntityNotFoundException"


def test_tags_of_what_does_not_exist_are_refused(lake: Any) -> None:
    for resource in ({"Table": {**TABLE, "Name": "no"}}, {"TableWithColumns": {**TABLE, "ColumnNames": ["no"]}}):
        with pytest.raises(ClientError, match=r"EntityNotFoundException.* no"):
            lake.add_lf_tags_to_resource(Resource=resource, LFTags=[pair("place", "raw")])


def policy(*pairs: dict[str, Any]) -> dict[str, Any]:
    return {"LFTagPolicy": {"ResourceType": "TABLE", "Expression": list(pairs)}}


def test_grants_are_listed_until_they_are_revoked(lake: Any) -> None:
    principal = {"DataLakePrincipalIdentifier": ROLE}
    resource = policy(pair("place", "raw"), pair("secrecy", "internal"))
    lake.grant_permissions(Principal=principal, Resource=resource, Permissions=["SELECT", "DESCRIBE"])
    [entry] = lake.list_permissions(Principal=principal, ResourceType="LF_TAG_POLICY")["PrincipalResourcePermissions"]
    assert set(entry["Permissions"]) == {"SELECT", "DESCRIBE"}
    lake.revoke_permissions(Principal=principal, Resource=resource, Permissions=["SELECT"])
    [entry] = lake.list_permissions(Principal=principal)["PrincipalResourcePermissions"]
    assert entry["Permissions"] == ["DESCRIBE"]
    lake.revoke_permissions(Principal=principal, Resource=resource, Permissions=["DESCRIBE"])
    assert lake.list_permissions(Principal=principal)["PrincipalResourcePermissions"] == []
    with pytest.raises(ClientError, match="No permissions revoked"):
        lake.revoke_permissions(Principal=principal, Resource=resource, Permissions=["DESCRIBE"])


@pytest.mark.parametrize(
    ("principal", "resource", "permission", "said"),
    [
        (ROLE + "s", policy(pair("place", "raw")), "SELECT", "Invalid principal"),
        (ROLE, policy(pair("place", "stage")), "SELECT", "has no value stage"),
        (ROLE, policy(pair("place", "raw")), "CREATE_TABLE", "cannot be granted on LFTagPolicy/TABLE"),
        (ROLE, {"DataLocation": {"ResourceArn": "arn:aws:s3:::nobody"}}, "DATA_LOCATION_ACCESS", "not found"),
        (ROLE, {"DataCellsFilter": {"DatabaseName": "d", "TableName": "t", "Name": "n"}}, "SELECT", "not found"),
    ],
)
def test_a_grant_that_means_nothing_is_refused(
    lake: Any, principal: str, resource: dict[str, Any], permission: str, said: str
) -> None:
    with pytest.raises(ClientError, match=said):
        lake.grant_permissions(
            Principal={"DataLakePrincipalIdentifier": principal}, Resource=resource, Permissions=[permission]
        )


def test_a_filter_goes_with_what_was_granted_on_it(lake: Any) -> None:
    name = {"TableCatalogId": "000000000000", "DatabaseName": DATABASE, "TableName": "customers", "Name": "mine"}
    rows = {"FilterExpression": "id = '1'"}
    with pytest.raises(ClientError, match="has no column iban"):
        lake.create_data_cells_filter(TableData={**name, "RowFilter": rows, "ColumnNames": ["iban"]})
    lake.create_data_cells_filter(TableData={**name, "RowFilter": rows, "ColumnNames": ["id"]})
    resource = {"DataCellsFilter": name}
    principal = {"DataLakePrincipalIdentifier": ROLE}
    lake.grant_permissions(Principal=principal, Resource=resource, Permissions=["SELECT"])
    assert len(lake.list_permissions(Resource=resource)["PrincipalResourcePermissions"]) == 1
    [made] = lake.list_data_cells_filter(Table=TABLE)["DataCellsFilters"]
    assert made["RowFilter"] == rows
    lake.delete_data_cells_filter(**name)
    assert lake.list_permissions(Resource=resource)["PrincipalResourcePermissions"] == []


def test_a_new_account_lets_iam_decide_until_it_is_told_otherwise(lake: Any) -> None:
    everyone = lake.get_data_lake_settings()["DataLakeSettings"]["CreateDatabaseDefaultPermissions"]
    assert everyone[0]["Principal"] == {"DataLakePrincipalIdentifier": "IAM_ALLOWED_PRINCIPALS"}
    admins = [{"DataLakePrincipalIdentifier": ROLE}]
    lake.put_data_lake_settings(DataLakeSettings={"DataLakeAdmins": admins, "CreateDatabaseDefaultPermissions": []})
    settings = lake.get_data_lake_settings()["DataLakeSettings"]
    assert (settings["DataLakeAdmins"], settings["CreateDatabaseDefaultPermissions"]) == (admins, [])


def test_a_location_is_registered_once(lake: Any) -> None:
    arn = "arn:aws:s3:::registered"
    lake.register_resource(ResourceArn=arn, RoleArn=ROLE)
    with pytest.raises(ClientError, match="already registered"):
        lake.register_resource(ResourceArn=arn, RoleArn=ROLE)
    assert lake.describe_resource(ResourceArn=arn)["ResourceInfo"]["RoleArn"] == ROLE
    lake.deregister_resource(ResourceArn=arn)
    with pytest.raises(ClientError, match="EntityNotFoundException"):
        lake.describe_resource(ResourceArn=arn)
