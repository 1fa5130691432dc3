"""How much of each limit in limits.toml the templates use: the resource that uses most of it."""

import json
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.support.templates.assembly import Assembly, Json, text, walk

LIMITS: dict[str, Json] = tomllib.loads(Path(__file__).with_name("limits.toml").read_text())


def bar(limit: str) -> float:
    """How much of a limit a thousand datasets may use."""
    return float(LIMITS[limit].get("bar", LIMITS[limit]["limit"] / 2))


def measures(assembly: Assembly) -> dict[str, dict[str, int]]:
    """The use of each limit, by the stack or resource that it is a limit of."""
    found: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    found["stacks"]["account"] = len(assembly.templates)
    for stack, template in assembly.templates.items():
        found["stack_resources"][stack] = len(template["Resources"])
        # As the CDK writes it, with its white space; the digits of tokens make no difference.
        found["template_bytes"][stack] = len(json.dumps(template, indent=1).encode())
    for item in assembly.resources():
        at = f"{item.stack}/{item.logical_id}"
        for limit, amount in _of(item.type, item.properties):
            found[limit][at] = max(found[limit][at], amount)
        if item.type == "AWS::IAM::Policy":
            for role in item.properties["Roles"]:
                found["role_policies_characters"][f"{item.stack}/{text(role)}"] += _document(
                    item.properties["PolicyDocument"]
                )
        if item.type == "AWS::IAM::Role":
            for policy in item.properties.get("Policies", []):
                found["role_policies_characters"][f"{item.stack}/<{item.logical_id}>"] += _document(
                    policy["PolicyDocument"]
                )
        if item.type == "AWS::CloudWatch::Alarm":
            found["alarms"]["region"] += 1
    return found


def _of(kind: str, properties: Json) -> Iterator[tuple[str, int]]:
    match kind:
        case "AWS::KinesisFirehose::DeliveryStream":
            for value in walk(properties):
                if isinstance(value, dict) and "ParameterValue" in value:
                    yield "firehose_parameter_characters", len(text(value["ParameterValue"]))
        case "AWS::StepFunctions::StateMachine":
            definition = text(properties["DefinitionString"])
            yield "state_machine_characters", len(definition)
            for value in walk(json.loads(definition)):
                if isinstance(value, dict) and "Arguments" in value:
                    yield "state_payload_bytes", len(json.dumps(value["Arguments"]).encode())
        case "AWS::Scheduler::Schedule":
            yield "schedule_input_bytes", len(text(properties["Target"]["Input"]).encode())
        case "AWS::Events::Rule":
            yield "event_pattern_characters", len(json.dumps(_plain(properties["EventPattern"])))
        case "AWS::CloudWatch::Alarm":
            yield "alarm_text_characters", len(text(properties["AlarmDescription"]))
        case "AWS::CloudWatch::Dashboard":
            yield from _of_dashboard(json.loads(text(properties["DashboardBody"]))["widgets"])
        case "AWS::Lambda::Function":
            variables = properties.get("Environment", {}).get("Variables", {})
            yield "lambda_environment_bytes", len(json.dumps(_plain(variables)).encode())
        case "AWS::SSM::Parameter":
            yield "ssm_parameter_characters", len(text(properties["Value"]))
        case "AWS::Glue::DataQualityRuleset":
            yield "ruleset_characters", len(text(properties["Ruleset"]))


def _of_dashboard(widgets: list[Json]) -> Iterator[tuple[str, int]]:
    metrics = [len(widget["properties"].get("metrics", [])) for widget in widgets]
    yield "metrics_of_a_dashboard", sum(metrics)
    yield "metrics_of_a_widget", max(metrics)
    yield "alarms_of_a_widget", max(len(widget["properties"].get("alarms", [])) for widget in widgets)
    yield "widgets_of_a_dashboard", len(widgets)


def _document(document: Json) -> int:
    """Characters of a policy as IAM counts them; functions of CloudFormation as their names."""
    return len(json.dumps(_plain(document), separators=(",", ":")))


def _plain(value: Any) -> Any:
    try:
        return text(value)
    except TypeError:
        pass
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value
