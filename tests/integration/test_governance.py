"""Tables in Lake Formation as contracts say, read back through its API and decided by an evaluator of its rules."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest

from emulator.runtime import server_lifecycle
from lakehouse.contracts.loader import load_contract
from lakehouse.contracts.model import Contract
from lakehouse.engine import catalog
from lakehouse.errors import LakehouseError
from lakehouse.governance import grants, lake_formation
from lakehouse.governance.roles import ROLES
from lakehouse.governance.tags import Area, of_database
from lakehouse.names import Names, Zone
from lakehouse.tables import migrations
from lakehouse.tables.diff import Action
from tests.support import classification, lf_tags, tag_based_access
from tests.support.lake_formation import granted_to, in_catalog

TRUST = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}]}
)
CONTRACTS = Path(__file__).parents[2] / "contracts"


@pytest.fixture(scope="module")
def customers() -> Contract:
    return load_contract(CONTRACTS / "sales" / "customers.odcs.yaml")


@pytest.fixture(scope="module")
def names(aws: server_lifecycle.Server, customers: Contract) -> Names:
    """A deployment of this test's own: what the stacks would make for a dataset's tables and people's roles."""
    names = Names(project="governed", environment="dev", account=aws.account, region=aws.region)
    s3, glue, iam = boto3.client("s3"), boto3.client("glue"), boto3.client("iam")
    client: Any = boto3.client("lakeformation")
    lf_tags.make([customers])
    for bucket in (names.scripts_bucket, names.bucket(Zone.RAW), names.bucket(Zone.INTEGRATION)):
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": aws.region})
    for area in (Area.RAW, Area.INTEGRATION, Area.OPS):
        glue.create_database(DatabaseInput={"Name": area.database(names)})
        pairs = [{"TagKey": key, "TagValues": [value]} for key, value in of_database(area).items()]
        client.add_lf_tags_to_resource(Resource={"Database": {"Name": area.database(names)}}, LFTags=pairs)
    for role in ROLES.values():
        arn = iam.create_role(RoleName=names.role(role.name), AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
        for grant in grants.of_people(role).by_tag:
            expression = [{"TagKey": key, "TagValues": [*values]} for key, values in grant.tags.items()]
            client.grant_permissions(
                Principal={"DataLakePrincipalIdentifier": arn},
                Resource={"LFTagPolicy": {"ResourceType": grant.on, "Expression": expression}},
                Permissions=[*grant.permissions],
            )
    return names


@pytest.fixture
def lake(names: Names, customers: Contract) -> Iterator[Any]:
    """Lake Formation with the tables of one dataset, tagged as its contract says; a test may change them."""
    client: Any = boto3.client("lakeformation")
    migrations.apply(catalog.load(), [customers], names)
    lake_formation.apply(client, [customers], names=names)
    yield client
    lake_formation.apply(client, [customers], names=names)


def seen(client: Any, names: Names, zone: Zone, role: str) -> dict[str, str]:
    return tag_based_access.seen(
        in_catalog(client, names.database(zone), "customers"), granted_to(client, names.role(role))
    )


def expected(zone: Zone, role: str) -> set[str]:
    [said] = [columns for name, columns in classification.of_contracts(CONTRACTS) if name == "customers"]
    glue = boto3.client("glue").get_table(DatabaseName=f"governed_dev_{zone}", Name="customers")["Table"]
    there = [column["Name"] for column in glue["StorageDescriptor"]["Columns"]]
    return {name for name in there if classification.sees(role, zone=zone, classification=said.get(name, "internal"))}


@pytest.mark.parametrize("role", classification.ROLES)
@pytest.mark.parametrize("zone", [Zone.RAW, Zone.INTEGRATION])
def test_columns_are_seen_as_the_contract_classifies_them(lake: Any, names: Names, zone: Zone, role: str) -> None:
    assert seen(lake, names, zone, role) == dict.fromkeys(expected(zone, role), tag_based_access.ALL_ROWS)


def test_applying_again_changes_nothing(lake: Any, names: Names, customers: Contract) -> None:
    assert lake_formation.plan(lake, [customers], names=names) == []
    assert lake_formation.apply(lake, [customers], names=names) == []


def test_a_column_that_is_classified_otherwise_is_one_change_a_zone(
    lake: Any, names: Names, customers: Contract
) -> None:
    columns = [
        replace(column, classification="restricted" if column.name == "region" else column.classification)
        for column in customers.columns
    ]
    stricter = replace(customers, columns=tuple(columns))
    planned = lake_formation.plan(lake, [stricter], names=names)
    assert [change.detail for change in planned if change.table.endswith("_integration.customers")] == [
        "classify as restricted: region"
    ]
    assert "classify as restricted: region" in [change.detail for change in planned]
    lake_formation.apply(lake, [stricter], names=names)
    assert "region" not in seen(lake, names, Zone.INTEGRATION, "engineer")
    assert "region" in seen(lake, names, Zone.INTEGRATION, "steward")


def test_a_row_filter_comes_changes_and_goes(lake: Any, names: Names, customers: Contract) -> None:
    whole = expected(Zone.INTEGRATION, "engineer")
    filtered = replace(customers, row_filter="country = 'France'")
    planned = lake_formation.plan(lake, [filtered], names=names)
    assert f"row filter of engineers: country = 'France' ({len(whole)} columns)" in [item.detail for item in planned]

    lake_formation.apply(lake, [filtered], names=names)
    assert seen(lake, names, Zone.INTEGRATION, "engineer") == dict.fromkeys(whole, tag_based_access.SOME_ROWS)
    assert set(seen(lake, names, Zone.INTEGRATION, "steward").values()) == {tag_based_access.ALL_ROWS}
    assert lake_formation.plan(lake, [filtered], names=names) == []

    other = replace(customers, row_filter="country = 'Spain'")
    lake_formation.apply(lake, [other], names=names)
    table = {"DatabaseName": names.database(Zone.INTEGRATION), "Name": "customers"}
    [data] = lake.list_data_cells_filter(Table=table)["DataCellsFilters"]
    assert data["RowFilter"] == {"FilterExpression": "country = 'Spain'"}

    lake_formation.apply(lake, [customers], names=names)
    assert lake.list_data_cells_filter(Table=table)["DataCellsFilters"] == []
    assert seen(lake, names, Zone.INTEGRATION, "engineer") == dict.fromkeys(whole, tag_based_access.ALL_ROWS)


def test_a_filter_that_was_made_and_not_granted_is_granted_the_next_time(
    lake: Any, names: Names, customers: Contract
) -> None:
    filtered = replace(customers, row_filter="country = 'France'")
    lake_formation.apply(lake, [filtered], names=names)
    principal = {"DataLakePrincipalIdentifier": f"arn:aws:iam::{names.account}:role/{names.role('engineer')}"}
    [grant] = [
        item
        for item in lake.list_permissions(Principal=principal)["PrincipalResourcePermissions"]
        if item["Resource"].get("DataCellsFilter", {}).get("DatabaseName") == names.database(Zone.RAW)
    ]
    lake.revoke_permissions(Principal=principal, Resource=grant["Resource"], Permissions=["SELECT"])
    assert seen(lake, names, Zone.RAW, "engineer") == {}
    lake_formation.apply(lake, [filtered], names=names)
    assert set(seen(lake, names, Zone.RAW, "engineer").values()) == {tag_based_access.SOME_ROWS}


def test_a_domain_that_is_not_deployed_waits_for_it(lake: Any, names: Names, customers: Contract) -> None:
    moved = replace(customers, domain="atlantis")
    for _ in range(2):
        found = lake_formation.apply(lake, [moved], names=names)
        assert [change.action for change in found] == [Action.WAIT] * 2
        assert "tag domain=atlantis waits for `cdk deploy`" in found[0].detail
    lake.update_lf_tag(TagKey="domain", TagValuesToAdd=["atlantis"])
    assert {change.detail for change in lake_formation.apply(lake, [moved], names=names)} == {"tag domain=atlantis"}
    assert in_catalog(lake, names.database(Zone.RAW), "customers").tags["domain"] == "atlantis"


def test_a_tag_that_is_not_deployed_is_named(lake: Any, names: Names, customers: Contract) -> None:
    values = lake.get_lf_tag(TagKey="classification")["TagValues"]
    columns = tuple(replace(column, classification="public") for column in customers.columns)
    lake.update_lf_tag(TagKey="classification", TagValuesToDelete=["public"])
    try:
        with pytest.raises(LakehouseError, match=r"LF-Tag classification=public was refused: .*cdk deploy"):
            lake_formation.apply(lake, [replace(customers, columns=columns)], names=names)
    finally:
        lake.update_lf_tag(TagKey="classification", TagValuesToAdd=["public"])
    assert {*lake.get_lf_tag(TagKey="classification")["TagValues"]} == {*values}


def test_before_there_are_tables_a_plan_says_what_they_will_get(lake: Any, names: Names, customers: Contract) -> None:
    planned = lake_formation.plan(lake, [replace(customers, dataset="clients")], names=names)
    details = [change.detail for change in planned if change.table == f"{names.database(Zone.RAW)}.clients"]
    assert details[0] == "tag domain=sales"
    assert "classify as confidential: segment" in details
