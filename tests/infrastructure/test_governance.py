"""Who may see what: the grants of the templates, evaluated as Lake Formation documents it, against the contracts."""

import re
from collections import defaultdict
from dataclasses import replace
from typing import Any

import pytest
from aws_cdk import App

from app import ROOT
from lakehouse.contracts.model import Contract
from lakehouse.governance import roles, tags
from lakehouse.governance.access import tables
from lakehouse.governance.tags import TaggedTable
from lakehouse.names import Names, Zone
from reports.findings import DEPLOYMENTS
from stacks.audit.stack import LEFT_OUT
from stacks.iam.people import trusted_people
from stacks.settings import Governance
from stacks.stack import LakehouseStack
from tests.support import classification, tag_based_access
from tests.support.templates.assembly import Assembly, Json, as_list, policy_statements, text

Grants = dict[str, list[Json]]


@pytest.fixture(scope="module")
def granted(assembly: Assembly) -> Grants:
    """Grants of all stacks, by the name of the role that has them."""
    role_names = {role.logical_id: role.properties.get("RoleName") for role in assembly.resources("AWS::IAM::Role")}
    found: Grants = defaultdict(list)
    for grant in assembly.resources("AWS::LakeFormation::PrincipalPermissions"):
        principal = grant.properties["Principal"]["DataLakePrincipalIdentifier"]
        name = principal if isinstance(principal, str) else role_names[principal["Fn::GetAtt"][0]]
        found[str(name)].append(grant.properties)
    return found


@pytest.fixture(scope="module")
def database_tags(assembly: Assembly) -> dict[str, dict[str, str]]:
    """LF-Tags of each database, by its name."""
    return {
        item.properties["Resource"]["Database"]["Name"]: {
            pair["TagKey"]: pair["TagValues"][0] for pair in item.properties["LFTags"]
        }
        for item in assembly.resources("AWS::LakeFormation::TagAssociation")
    }


def in_catalog(table: TaggedTable, names: Names, database_tags: dict[str, dict[str, str]]) -> tag_based_access.Table:
    """A table as Lake Formation has it, after `tables apply` or dbt has tagged it."""
    database = table.area.database(names)
    return tag_based_access.Table(
        database=database,
        name=table.name,
        inherited=database_tags[database],
        tags=table.tags,
        columns={name: {"classification": step} for name, step in table.columns.items()},
        filters={},
    )


@pytest.mark.parametrize("role", classification.ROLES)
def test_every_column_of_every_table_is_visible_as_its_classification_says(
    granted: Grants, database_tags: dict[str, dict[str, str]], contracts: list[Contract], names: Names, role: str
) -> None:
    said = {("raw", name): columns for name, columns in classification.of_contracts(ROOT / "contracts")}
    said |= {("integration", name): columns for name, columns in classification.of_contracts(ROOT / "contracts")}
    said |= {(zone, name): columns for zone, name, columns in classification.of_models(ROOT / "models")}
    checked = set()
    for table in tables(contracts, models=ROOT / "models", names=names):
        if table.area is tags.Area.OPS:
            continue
        seen = tag_based_access.seen(in_catalog(table, names, database_tags), granted[names.role(role)])
        columns = said[table.area, table.name]
        for column in table.columns:
            expected = classification.sees(role, zone=table.area, classification=columns.get(column, "internal"))
            assert (column in seen) == expected, (role, table.area, table.name, column)
        checked.add((table.area, table.name))
    assert checked == said.keys()


@pytest.mark.parametrize("role", roles.ROLES)
def test_the_printed_matrix_is_what_the_grants_give(
    granted: Grants, database_tags: dict[str, dict[str, str]], contracts: list[Contract], names: Names, role: str
) -> None:
    for table in tables(contracts, models=ROOT / "models", names=names):
        seen = tag_based_access.seen(in_catalog(table, names, database_tags), granted[names.role(role)])
        assert [*seen] == roles.visible(roles.ROLES[role], table), (role, table.name)


def test_a_table_without_tags_of_its_own_is_hidden_from_all_who_do_not_see_everything(
    granted: Grants, database_tags: dict[str, dict[str, str]], names: Names
) -> None:
    for zone in (Zone.RAW, Zone.INTEGRATION, Zone.CURATED):
        new = tag_based_access.Table(
            database=names.database(zone),
            name="made_by_hand",
            inherited=database_tags[names.database(zone)],
            tags={},
            columns={"id": {}},
            filters={},
        )
        seeing = {role for role in classification.ROLES if tag_based_access.seen(new, granted[names.role(role)])}
        assert seeing == {"steward"} | ({"operator"} if zone is not Zone.CURATED else set())


def test_a_row_filter_is_not_void_by_a_grant_on_all_rows(
    granted: Grants, database_tags: dict[str, dict[str, str]], contracts: list[Contract], names: Names
) -> None:
    filtered = [replace(contract, row_filter="country = 'France'") for contract in contracts]
    for table in tags.of_contracts(filtered, names=names):
        found = in_catalog(table, names, database_tags)
        seeing = {role for role in classification.ROLES if tag_based_access.seen(found, granted[names.role(role)])}
        assert seeing == {"steward", "operator"}


def test_grants_name_tags_and_values_that_exist(assembly: Assembly, granted: Grants) -> None:
    there = {
        item.properties["TagKey"]: {*item.properties["TagValues"]}
        for item in assembly.resources("AWS::LakeFormation::Tag")
    }
    assert there.keys() >= {"domain", "zone", "classification"}
    used = 0
    for grant in (grant for grants in granted.values() for grant in grants):
        resource: Any = grant["Resource"]
        pairs = resource.get("LFTagPolicy", {}).get("Expression", [])
        for pair in [*pairs, *([resource["LFTag"]] if "LFTag" in resource else [])]:
            assert {*pair["TagValues"]} <= there[pair["TagKey"]]
            used += 1
    assert used > 20
    for item in assembly.resources("AWS::LakeFormation::TagAssociation"):
        for pair in item.properties["LFTags"]:
            assert {*pair["TagValues"]} <= there[pair["TagKey"]]


def test_who_writes_is_granted_whole_tables(granted: Grants) -> None:
    """Lake Formation gives DESCRIBE in place of what must hold for every column and is granted on some."""
    for name, grants in granted.items():
        for grant in grants:
            if {"INSERT", "DELETE", "ALTER", "DROP"} & {*grant["Permissions"]}:
                keys = {pair["TagKey"] for pair in grant["Resource"]["LFTagPolicy"]["Expression"]}
                assert keys == {"zone"}, name


def test_every_stack_that_makes_databases_comes_after_the_settings_of_the_lake(
    assembly: Assembly, names: Names
) -> None:
    [settings] = assembly.resources("AWS::LakeFormation::DataLakeSettings")
    assert settings.properties["CreateDatabaseDefaultPermissions"] == []
    assert settings.properties["CreateTableDefaultPermissions"] == []
    assert settings.properties["MutationType"] == "REPLACE"
    [admin] = settings.properties["Admins"]
    role = f"role/cdk-hnb659fds-cfn-exec-role-{names.account}-{names.region}"
    assert text(admin["DataLakePrincipalIdentifier"]) == f"arn:aws:iam::{names.account}:{role}"
    for database in assembly.resources("AWS::Glue::Database"):
        assert database.properties["DatabaseInput"]["CreateTableDefaultPermissions"] == []
        assert settings.stack in assembly.manifest["artifacts"][database.stack]["dependencies"]


def test_locations_are_registered_with_a_role_that_may_use_the_key(assembly: Assembly, names: Names) -> None:
    locations = assembly.resources("AWS::LakeFormation::Resource")
    buckets = {f"arn:aws:s3:::{names.bucket(zone)}" for zone in (Zone.RAW, Zone.INTEGRATION, Zone.CURATED)}
    assert {text(item.properties["ResourceArn"]) for item in locations} == buckets
    [role] = {item.properties["RoleArn"]["Fn::GetAtt"][0] for item in locations}
    assert not any(item.properties["UseServiceLinkedRole"] for item in locations)
    [policy] = [item for item in assembly.resources("AWS::IAM::Policy") if item.properties["Roles"] == [{"Ref": role}]]
    actions = {action for item in policy_statements(policy) for action in as_list(item["Action"])}
    assert {"kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "s3:GetObject", "s3:PutObject"} <= actions


@pytest.mark.parametrize("role", roles.ROLES)
def test_people_read_the_results_of_their_own_workgroup_alone(assembly: Assembly, names: Names, role: str) -> None:
    ids = {item.properties.get("RoleName"): item.logical_id for item in assembly.resources("AWS::IAM::Role")}
    holders = [{"Ref": ids[names.role(role)]}]
    [policy] = [item for item in assembly.resources("AWS::IAM::Policy") if item.properties["Roles"] == holders]
    reached = {text(arn) for item in policy_statements(policy) for arn in as_list(item["Resource"])}
    workgroup = names.workgroup_of(role)
    results = f"arn:aws:s3:::{names.results_bucket}"
    if role == "operator":  # reads tables and writes files in addition; test_operator.py says which
        reached = {arn for arn in reached if names.results_bucket in arn or ":workgroup/" in arn}
    own = {results, f"{results}/{workgroup}/*"}
    log = f"arn:aws:s3:::{names.audit_bucket}"
    assert {arn for arn in reached if ":s3:::" in arn} == own | ({log, f"{log}/*"} if role == "auditor" else set())
    account = f"{names.region}:{names.account}"
    assert {arn for arn in reached if ":workgroup/" in arn} == {f"arn:aws:athena:{account}:workgroup/{workgroup}"}


def test_people_may_come_from_an_identity_provider(names: Names) -> None:
    stack = LakehouseStack(App(), "people", names=names, description="")
    trust = trusted_people(stack, Governance(saml_provider="company")).policy_fragment
    [provider] = stack.resolve(trust.principal_json)["Federated"]
    assert text(provider) == f"arn:<AWS::Partition>:iam::{names.account}:saml-provider/company"
    assert trust.conditions == {"StringEquals": {"SAML:aud": "https://signin.aws.amazon.com/saml"}}
    assert trusted_people(stack, Governance()).assume_role_action == "sts:AssumeRole"


def test_the_trail_has_calls_and_every_object_of_every_zone(assembly: Assembly, names: Names) -> None:
    [trail] = assembly.resources("AWS::CloudTrail::Trail")
    assert trail.properties["EnableLogFileValidation"] is True
    assert trail.properties["IsLogging"] is True
    assert "KMSKeyId" in trail.properties
    calls, objects = (item["FieldSelectors"] for item in trail.properties["AdvancedEventSelectors"])
    assert calls == [
        {"Field": "eventCategory", "Equals": ["Management"]},
        {"Field": "eventSource", "NotEquals": LEFT_OUT},
    ]
    [arns] = [field["StartsWith"] for field in objects if field["Field"] == "resources.ARN"]
    assert {text(arn) for arn in arns} == {f"arn:aws:s3:::{names.bucket(zone)}/" for zone in Zone}


@pytest.mark.parametrize("deployment", DEPLOYMENTS)
def test_the_log_is_locked_where_data_is_kept(everything: dict[str, Assembly], deployment: str) -> None:
    [bucket] = [item for item in everything[deployment].resources("AWS::S3::Bucket") if item.stack.endswith("-audit")]
    assert bucket.properties["ObjectLockEnabled"] is True
    rule = bucket.properties.get("ObjectLockConfiguration", {}).get("Rule")
    if deployment.startswith("prod"):
        assert rule == {"DefaultRetention": {"Days": 400, "Mode": "COMPLIANCE"}}
        assert bucket.properties["LifecycleConfiguration"]["Rules"][0]["ExpirationInDays"] == 400
    else:
        assert rule is None


def test_the_trails_table_stands_where_the_trail_writes(assembly: Assembly, names: Names) -> None:
    [table] = assembly.resources("AWS::Glue::Table")
    described = table.properties["TableInput"]
    place = f"s3://{names.audit_bucket}/AWSLogs/{names.account}/CloudTrail/{names.region}/"
    assert text(described["StorageDescriptor"]["Location"]) == place
    parameters = described["Parameters"]
    assert parameters["storage.location.template"] == place + "${day}"
    assert parameters["projection.day.format"] == "yyyy/MM/dd"
    assert [column["Name"] for column in described["PartitionKeys"]] == ["day"]


def test_the_table_of_the_documentation_is_the_one_in_force() -> None:
    document = (ROOT / "docs" / "governance.md").read_text()
    written = {
        match["role"]: ({*re.findall(r"\w+", match["reads"])}, match["up_to"])
        for match in re.finditer(
            r"^\| `(?P<role>\w+)` \| (?P<reads>[^|]+) \| (?P<up_to>\w+) \|", document, re.MULTILINE
        )
    }
    assert written == {
        role.name: ({area.value for area in role.reads}, role.up_to.value) for role in roles.ROLES.values()
    }
