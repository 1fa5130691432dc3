"""Lineage events: who sends them where, who is told when that fails, and what started what."""

import json
from typing import Any

from lakehouse.lineage.endpoint import ENDPOINT, UNSENT
from lakehouse.names import Move, Names
from lakehouse.operations import dbt
from tests.support.templates.assembly import Assembly, text
from tests.support.templates.synthesis import LINEAGE_ENDPOINT

Json = dict[str, Any]


def arguments(assembly: Assembly, names: Names) -> list[Json]:
    jobs = assembly.named("AWS::Glue::Job", "Name")
    return [jobs[names.job(move)]["DefaultArguments"] for move in Move]


def variables(assembly: Assembly) -> Json:
    (project,) = assembly.resources("AWS::CodeBuild::Project")
    return {item["Name"]: item["Value"] for item in project.properties["Environment"]["EnvironmentVariables"]}


def unsent(assembly: Assembly) -> list[Json]:
    filters = [item.properties for item in assembly.resources("AWS::Logs::MetricFilter")]
    return [item for item in filters if item["MetricTransformations"][0]["MetricName"] == UNSENT]


def alarms(assembly: Assembly, names: Names) -> list[str]:
    found = [text(alarm.properties["AlarmName"]) for alarm in assembly.resources("AWS::CloudWatch::Alarm")]
    return [name for name in found if name == names.alarm("unsent", of="lineage")]


def test_where_a_setting_names_an_endpoint_all_send_to_it_and_what_fails_raises_an_alarm(
    keeping: Assembly, names: Names
) -> None:
    assert {given["--lineage_endpoint"] for given in arguments(keeping, names)} == {LINEAGE_ENDPOINT}
    assert variables(keeping)[ENDPOINT] == LINEAGE_ENDPOINT
    assert len(unsent(keeping)) == 3  # two jobs and dbt
    assert {item["FilterPattern"] for item in unsent(keeping)} == {'"lineage events were not sent"'}
    assert alarms(keeping, names) == [names.alarm("unsent", of="lineage")]


def test_without_an_endpoint_nothing_of_it_is_there(assembly: Assembly, names: Names) -> None:
    assert not [given for given in arguments(assembly, names) if "--lineage_endpoint" in given]
    assert ENDPOINT not in variables(assembly)
    assert unsent(assembly) == []
    assert alarms(assembly, names) == []


def test_the_state_machine_tells_what_it_starts_that_it_did(assembly: Assembly, names: Names) -> None:
    (machine,) = assembly.resources("AWS::StepFunctions::StateMachine")
    definition = text(machine.properties["DefinitionString"])
    this = f"{{% '{names.moves}/' & $states.context.Execution.Id %}}"
    assert definition.count(f'"--parent":{json.dumps(this)}') == 2
    assert f'{{"Name":"{dbt.PARENT}","Value":{json.dumps(this)}}}' in definition


def test_of_the_ops_tables_dbt_writes_lineage_and_releases_alone(assembly: Assembly, names: Names) -> None:
    policies = [item.properties for item in assembly.resources("AWS::IAM::Policy")]
    statements = {
        statement["Sid"]: statement
        for policy in policies
        if "dbtpolicy" in policy["PolicyName"]
        for statement in policy["PolicyDocument"]["Statement"]
    }
    written = [text(arn) for arn in statements["CommitRecords"]["Resource"]]
    assert [arn.rpartition(":")[2] for arn in written] == [
        "catalog",
        f"database/{names.ops_database}",
        f"table/{names.ops_database}/lineage",
        f"table/{names.ops_database}/releases",
    ]
    files = [text(arn) for arn in statements["WriteRecords"]["Resource"]]
    assert [arn.partition("/")[2] for arn in files] == ["ops/lineage/*", "ops/releases/*"]
    assert names.ops_database not in text(str(statements["WriteTables"]["Resource"]))
