"""What AWS refuses although a template is valid: each test is a row of docs/aws-behaviour.yaml, with its source."""

import json
from collections import defaultdict
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

import pytest
from aws_cdk import App, Environment, Stack
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_stepfunctions as sfn

from lakehouse.governance.roles import ROLES
from lakehouse.governance.tags import Area
from lakehouse.names import DEFAULT_DATABASE, Fetch, Move, Names, Zone
from reports.findings import DEPLOYMENTS
from tests.support.templates.assembly import Assembly, Json, Resource, as_list, policy_statements, text
from tests.support.templates.synthesis import CONTEXT, DEV

GRANT, ASSOCIATION, TAG = (f"AWS::LakeFormation::{name}" for name in ("PrincipalPermissions", "TagAssociation", "Tag"))
PLACE = f"arn:aws:glue:{DEV.region}:{DEV.account}"


@pytest.fixture(scope="module", params=DEPLOYMENTS)
def deployed(request: pytest.FixtureRequest, everything: dict[str, Assembly]) -> Assembly:
    return everything[request.param]


def names_of(assembly: Assembly) -> Names:
    [environment] = {name.split("-")[1] for name in assembly.templates}
    return Names(environment=environment, account=DEV.account, region=DEV.region)


def by_role(assembly: Assembly) -> dict[str, list[Json]]:
    """Statements of each role's own policies, by the name of the role, or its logical id if it has none."""
    found: dict[str, list[Json]] = defaultdict(list)
    for role in assembly.resources("AWS::IAM::Role"):
        name = text(role.properties.get("RoleName", role.logical_id))
        for policy in role.properties.get("Policies", []):
            found[name] += policy["PolicyDocument"]["Statement"]
        for policy in assembly.resources("AWS::IAM::Policy"):
            if policy.stack == role.stack and {"Ref": role.logical_id} in policy.properties["Roles"]:
                found[name] += policy_statements(policy)
    return found


def allows(statements: list[Json], action: str, arn: str, **keys: str) -> bool:
    """Whether statements allow an action, with the values of condition keys such as `via` for `kms:ViaService`."""
    values = {"kms:ViaService": keys.get("via")}
    return any(
        statement["Effect"] == "Allow"
        and any(fnmatchcase(action, pattern) for pattern in as_list(statement["Action"]))
        and any(fnmatchcase(arn, text(resource)) for resource in as_list(statement["Resource"]))
        and all(
            values.get(key) in as_list(expected)
            for conditions in statement.get("Condition", {}).values()
            for key, expected in conditions.items()
        )
        for statement in statements
    )


# --- Glue's database `default` -------------------------------------------------------------------------------


def test_no_job_starts_with_the_data_catalog_as_its_hive_metastore(deployed: Assembly) -> None:
    for job in deployed.resources("AWS::Glue::Job"):
        assert "--enable-glue-datacatalog" not in job.properties["DefaultArguments"], job.logical_id


def test_who_queries_athena_or_runs_spark_on_tables_may_look_for_default(deployed: Assembly) -> None:
    asked = 0
    for role, statements in by_role(deployed).items():
        actions = {action for statement in statements for action in as_list(statement["Action"])}
        if "athena:StartQueryExecution" in actions:
            for arn in (f"{PLACE}:catalog", f"{PLACE}:database/{DEFAULT_DATABASE}"):
                assert allows(statements, "glue:GetDatabase", arn), role
            asked += 1
    assert asked >= len(ROLES) + 2
    names = names_of(deployed)
    for move in Move:
        assert allows(by_role(deployed)[names.job_role(move)], "glue:GetDatabase", f"{PLACE}:database/default")
    tables = by_role(deployed)[names.tables_role]
    assert allows(tables, "glue:CreateDatabase", f"{PLACE}:database/default")
    assert not allows(tables, "glue:CreateDatabase", f"{PLACE}:database/other")


def test_lake_formation_shows_default_to_every_role_that_it_shows_another_database(deployed: Assembly) -> None:
    shown: dict[str, set[str]] = defaultdict(set)
    for grant in deployed.resources(GRANT):
        policy = grant.properties["Resource"].get("LFTagPolicy", {})
        if policy.get("ResourceType") == "DATABASE" and "DESCRIBE" in grant.properties["Permissions"]:
            [pair] = policy["Expression"]
            shown[principal(grant)] |= {*pair["TagValues"]}
    assert len(shown) > 8
    for role, databases in shown.items():
        assert DEFAULT_DATABASE in databases, role
    [zone] = [item for item in deployed.resources(TAG) if item.properties["TagKey"] == "zone"]
    assert DEFAULT_DATABASE in zone.properties["TagValues"]


def principal(grant: Resource) -> str:
    return json.dumps(grant.properties["Principal"]["DataLakePrincipalIdentifier"], sort_keys=True)


# --- Lake Formation ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("types", [(GRANT,), (GRANT, ASSOCIATION, TAG)], ids=["grants", "grants, tags, associations"])
def test_changes_of_lake_formation_in_a_stack_are_one_chain(deployed: Assembly, types: tuple[str, ...]) -> None:
    longest = 0
    for stack, template in deployed.templates.items():
        resources: dict[str, Json] = template["Resources"]
        changes = {name for name, item in resources.items() if item["Type"] in types}
        before = {name: {*ancestors(name, resources)} & changes for name in changes}
        # In a chain, one change waits for no other, one for one, one for two ...
        assert sorted(map(len, before.values())) == list(range(len(changes))), stack
        longest = max(longest, len(changes))
    assert longest > 20


def ancestors(name: str, resources: dict[str, Json]) -> Iterator[str]:
    """What CloudFormation makes before a resource."""
    waiting, seen = [*as_list(resources[name].get("DependsOn", []))], set[str]()
    while waiting:
        other = waiting.pop()
        if other not in seen:
            seen.add(other)
            yield other
            waiting += as_list(resources[other].get("DependsOn", []))


def test_stacks_with_grants_are_deployed_one_after_the_other(deployed: Assembly) -> None:
    def before(stack: str) -> set[str]:
        direct = deployed.dependencies[stack]
        return direct.union(*map(before, direct))

    stacks = {resource.stack for type_ in (GRANT, ASSOCIATION) for resource in deployed.resources(type_)}
    assert len(stacks) >= 4
    assert sorted(len(before(stack) & stacks) for stack in stacks) == list(range(len(stacks)))


def test_who_alters_or_creates_tables_may_use_their_location(deployed: Assembly) -> None:
    names = names_of(deployed)
    used: dict[str, set[str]] = defaultdict(set)
    needed: dict[str, set[str]] = defaultdict(set)
    for grant in deployed.resources(GRANT):
        resource: Any = grant.properties["Resource"]
        if "DataLocation" in resource:
            used[principal(grant)].add(text(resource["DataLocation"]["ResourceArn"]))
        if {"ALTER", "CREATE_TABLE"} & {*grant.properties["Permissions"]}:
            [values] = [pair["TagValues"] for pair in resource["LFTagPolicy"]["Expression"] if pair["TagKey"] == "zone"]
            needed[principal(grant)] |= {f"arn:aws:s3:::{location(deployed, names, value)}" for value in values}
    assert len(needed) >= 5
    for role, places in needed.items():
        assert places <= used[role], role


def location(assembly: Assembly, names: Names, area: str) -> str:
    """The bucket of an area's database, from the template of the database."""
    [found] = [
        text(item.properties["DatabaseInput"]["LocationUri"])
        for item in assembly.resources("AWS::Glue::Database")
        if item.properties["DatabaseInput"]["Name"] == Area(area).database(names)
    ]
    return found.removeprefix("s3://").partition("/")[0]


# --- keys and services -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def key_of_the_cdk() -> list[Json]:
    """What the CDK's own state machine, with logs and a key, allows to services in the policy of its key."""
    app = App(context=CONTEXT)
    stack = Stack(app, "scratch", env=Environment(account=DEV.account, region=DEV.region))
    sfn.StateMachine(
        stack,
        "Machine",
        definition_body=sfn.DefinitionBody.from_chainable(sfn.Succeed(stack, "Done")),
        encryption_configuration=sfn.CustomerManagedEncryptionConfiguration(kms.Key(stack, "Key")),
        logs=sfn.LogOptions(destination=logs.LogGroup(stack, "Log"), level=sfn.LogLevel.ALL),
    )
    template = app.synth().get_stack_by_name("scratch").template
    [key] = [item for item in template["Resources"].values() if item["Type"] == "AWS::KMS::Key"]
    return [plain(item) for item in key["Properties"]["KeyPolicy"]["Statement"] if "Service" in item["Principal"]]


def test_the_key_has_what_the_cdks_own_state_machine_adds_to_its_key(
    deployed: Assembly, key_of_the_cdk: list[Json]
) -> None:
    assert "delivery.logs.amazonaws.com" in [item["Principal"]["Service"] for item in key_of_the_cdk]
    [ours] = deployed.resources("AWS::KMS::Key")
    held = [plain(item) for item in ours.properties["KeyPolicy"]["Statement"]]
    for statement in key_of_the_cdk:
        documented = {"StringEquals": {"kms:EncryptionContext:SourceArn": f"arn:aws:logs:{DEV.region}:{DEV.account}:*"}}
        assert {"Condition": documented} | statement in held


def test_eventbridge_uses_the_key_without_naming_account_or_rule(deployed: Assembly) -> None:
    targets = {
        text(target["Arn"]) for rule in deployed.resources("AWS::Events::Rule") for target in rule.properties["Targets"]
    }
    assert targets, "rules deliver to the queue of arrivals and to topics, which are encrypted"
    [key] = deployed.resources("AWS::KMS::Key")
    uses = [
        item
        for item in key.properties["KeyPolicy"]["Statement"]
        if "events.amazonaws.com" in as_list(item["Principal"].get("Service", []))
    ]
    assert [{*item["Action"]} for item in uses] == [{"kms:Decrypt", "kms:GenerateDataKey"}]
    assert not uses[0].get("Condition")


def plain(statement: Json) -> Json:
    """A statement without its name, with ARNs as text."""

    def flat(value: Any) -> Any:
        if isinstance(value, dict) and not {"Fn::Join", "Ref"} & value.keys():
            return {name: flat(item) for name, item in value.items()}
        return [flat(item) for item in value] if isinstance(value, list) else text(value)

    found: Json = flat({name: item for name, item in statement.items() if name != "Sid"})
    return found


def test_who_publishes_to_an_encrypted_topic_may_use_its_key_there(deployed: Assembly) -> None:
    publishers = 0
    for role, statements in by_role(deployed).items():
        if any("sns:Publish" in as_list(statement["Action"]) for statement in statements):
            [key] = {
                text(arn)
                for statement in statements
                if "kms:GenerateDataKey" in as_list(statement["Action"])
                for arn in as_list(statement["Resource"])
            }
            via = f"sns.{DEV.region}.amazonaws.com"
            for action in ("kms:GenerateDataKey", "kms:Decrypt"):
                assert allows(statements, action, key, via=via), role
            publishers += 1
    assert publishers


def test_who_sends_traces_by_otlp_may_put_spans(deployed: Assembly) -> None:
    names = names_of(deployed)
    for job in deployed.resources("AWS::Glue::Job"):
        if "--traces_endpoint" in job.properties["DefaultArguments"]:
            [move] = [move for move in Move if names.job(move) == job.properties["Name"]]
            for action in ("xray:PutTraceSegments", "xray:PutSpans"):
                assert allows(by_role(deployed)[names.job_role(move)], action, "*"), move


@pytest.mark.parametrize("group", ["jobs-role/any/output", "any-role/jobs/error", "error"])
def test_a_job_logs_whatever_name_glue_composes_for_its_group(deployed: Assembly, group: str) -> None:
    names, roles = names_of(deployed), by_role(deployed)
    arn = f"arn:aws:logs:{DEV.region}:{DEV.account}:log-group:{names.job_log_prefix}/{group}"
    for job in (*Move, *Fetch):
        if names.job_role(job) in roles:
            for action in ("logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"):
                assert allows(roles[names.job_role(job)], action, f"{arn}:log-stream:1"), job
            assert not allows(roles[names.job_role(job)], "logs:PutLogEvents", arn.replace("/jobs/", "/functions/"))


@pytest.mark.parametrize("role", ROLES)
def test_people_find_their_workgroup_in_the_console(deployed: Assembly, role: str) -> None:
    assert allows(by_role(deployed)[names_of(deployed).role(role)], "athena:ListWorkGroups", "*")


# --- what is granted too widely --------------------------------------------------------------------------------


def test_only_an_erasure_writes_proofs_of_erasures(deployed: Assembly) -> None:
    names = names_of(deployed)
    [raw] = [
        item
        for item in deployed.resources("AWS::S3::Bucket")
        if item.properties["BucketName"] == names.bucket(Zone.RAW)
    ]
    [policy] = [
        item
        for item in deployed.resources("AWS::S3::BucketPolicy")
        if item.stack == raw.stack and item.properties["Bucket"] == {"Ref": raw.logical_id}
    ]
    [denied] = [item for item in policy_statements(policy) if item.get("Sid") == "OnlyErasureWritesProofs"]
    assert (denied["Effect"], denied["Principal"]) == ("Deny", {"AWS": "*"})
    assert {*denied["Action"]} == {"s3:PutObject", "s3:DeleteObject"}
    assert text(denied["Condition"]["ArnNotEquals"]["aws:PrincipalArn"]) == (
        f"arn:aws:iam::{DEV.account}:role/{names.erasure_role}"
    )
    for key in (names.erasure_key(erasure_id="1"), f"{names.begun_erasures_prefix}1.json"):
        assert fnmatchcase(f"<{raw.logical_id}>/{key}", text(denied["Resource"]))
    for key in (names.batches_prefix(dataset="orders"), names.pull_key(dataset="orders"), "sales/orders/a.parquet"):
        assert not fnmatchcase(f"<{raw.logical_id}>/{key}", text(denied["Resource"]))


def test_s3_delivers_the_access_logs_of_our_buckets_alone(deployed: Assembly) -> None:
    delivered = 0
    for policy in deployed.resources("AWS::S3::BucketPolicy"):
        for statement in policy_statements(policy):
            if statement.get("Principal") == {"Service": "logging.s3.amazonaws.com"}:
                condition = statement["Condition"]
                assert condition["StringEquals"] == {"aws:SourceAccount": DEV.account}
                assert condition["ArnLike"].keys() == {"aws:SourceArn"}
                delivered += 1
    buckets = deployed.resources("AWS::S3::Bucket")
    assert delivered == sum("LoggingConfiguration" in bucket.properties for bucket in buckets) > 5


CDK_PROVIDERS = ("CustomS3AutoDeleteObjects", "CustomVpcRestrictDefaultSG")


def test_services_take_roles_for_this_account_alone(deployed: Assembly) -> None:
    without: set[str] = set()
    for role in deployed.resources("AWS::IAM::Role"):
        for statement in role.properties["AssumeRolePolicyDocument"]["Statement"]:
            services = [text(service) for service in as_list(statement["Principal"].get("Service", []))]
            if services and not role.logical_id.startswith(CDK_PROVIDERS):
                equal = statement.get("Condition", {}).get("StringEquals", {})
                if equal.get("aws:SourceAccount") != DEV.account:
                    without |= {*services}
    assert without <= {"lambda.amazonaws.com", f"dms.{DEV.region}.amazonaws.com"}


def test_iam_lets_a_role_read_the_databases_that_lake_formation_shows_it(deployed: Assembly) -> None:
    names = names_of(deployed)
    databases = {area.database(names): area for area in Area if area is not Area.AUDIT}
    shown: dict[str, set[str]] = defaultdict(set)
    for grant in deployed.resources(GRANT):
        policy = grant.properties["Resource"].get("LFTagPolicy", {})
        if policy.get("ResourceType") == "DATABASE":
            [pair] = policy["Expression"]
            shown[role_of(deployed, grant)] |= {*pair["TagValues"]}
    compared = 0
    for role, statements in by_role(deployed).items():
        if role in shown:
            read = {
                databases[name]
                for name in databases
                if allows(statements, "glue:GetTable", f"{PLACE}:table/{name}/any")
                or allows(statements, "glue:GetTable", f"{PLACE}:database/{name}")
            }
            assert read == {*map(Area, shown[role] - {DEFAULT_DATABASE})} - {Area.AUDIT}, role
            compared += 1
    assert compared > 8


def role_of(assembly: Assembly, grant: Resource) -> str:
    """The name of the role of a grant."""
    [found] = [
        text(role.properties["RoleName"])
        for role in assembly.resources("AWS::IAM::Role")
        if role.stack == grant.stack and f'"{role.logical_id}"' in principal(grant)
    ]
    return found


def test_jobs_and_optimizers_ask_glue_for_tables_by_name_alone(deployed: Assembly) -> None:
    names, roles = names_of(deployed), by_role(deployed)
    for role in (*map(names.job_role, Move), names.optimizer_role):
        asked = {
            action
            for item in roles[role]
            if item.get("Sid") != "MakeCandidates"
            for action in as_list(item["Action"])
            if action.startswith("glue:")
        }
        assert asked == {"glue:GetDatabase", "glue:GetTable", "glue:UpdateTable"}, role


def test_dbt_classifies_models_and_makes_no_filters(deployed: Assembly) -> None:
    statements = by_role(deployed)[names_of(deployed).dbt_role]
    actions = {action for item in statements for action in as_list(item["Action"])}
    assert not [action for action in actions if "DataCellsFilter" in action]


def test_administrators_of_the_lake_are_granted_no_locations(deployed: Assembly) -> None:
    [settings] = deployed.resources("AWS::LakeFormation::DataLakeSettings")
    administrators = {text(entry["DataLakePrincipalIdentifier"]) for entry in settings.properties["Admins"]}
    assert administrators
    assert settings.properties["Parameters"] == {"CROSS_ACCOUNT_VERSION": "4"}  # replaced settings lose the others
    for grant in deployed.resources(GRANT):
        if "DataLocation" in grant.properties["Resource"]:
            assert text(grant.properties["Principal"]["DataLakePrincipalIdentifier"]) not in administrators
