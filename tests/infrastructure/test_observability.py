"""Topics, alarms, dashboards, the budget, and the retention of logs."""

import json
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App, Validations
from cdk_nag import AwsSolutionsChecks

from app import ROOT
from lakehouse.contracts.model import Contract
from lakehouse.moves.metrics import Metric
from lakehouse.names import Fetch, Move, Names, Urgency
from lakehouse.operations.slack import SECRET
from reports.findings import DEPLOYMENTS
from stacks.domains.dataset_alarms import Window, window_of
from stacks.observability.stack import Observability
from stacks.settings import Settings, settings_of
from stacks.shared.alarms import DAY_SECONDS, Missing
from stacks.storage.stack import Storage
from tests.support.templates.assembly import Assembly, Json, Resource, as_list, policy_statements, text
from tests.support.templates.synthesis import CONTEXT, deployment_settings

ALERTS = settings_of("dev").alerts
RUNBOOK = Path(__file__).parents[2] / "docs" / "observability.md"


@pytest.fixture(scope="module")
def alarms(assembly: Assembly) -> dict[str, Json]:
    return assembly.named("AWS::CloudWatch::Alarm", "AlarmName")


@pytest.fixture(scope="module")
def topics(assembly: Assembly) -> dict[str, Resource]:
    return {topic.properties["TopicName"]: topic for topic in assembly.resources("AWS::SNS::Topic")}


def test_a_topic_for_each_urgency_is_encrypted_and_takes_tls_alone(
    assembly: Assembly, topics: dict[str, Resource], names: Names
) -> None:
    assert topics.keys() == {names.alerts_topic(urgency) for urgency in Urgency}
    policies = {text(policy.properties["Topics"][0]): policy for policy in assembly.resources("AWS::SNS::TopicPolicy")}
    for topic in topics.values():
        assert "KmsMasterKeyId" in topic.properties
        statements = list(policy_statements(policies[f"<{topic.logical_id}>"]))
        [denied] = [item for item in statements if item["Effect"] == "Deny"]
        assert denied["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
        assert (denied["Principal"], denied["Action"]) == ("*", "sns:Publish")
        for allowed in (item for item in statements if item["Effect"] == "Allow"):
            assert allowed["Principal"].keys() == {"Service"}
            assert allowed["Action"] == "sns:Publish"


def test_services_that_publish_to_topics_may_use_their_key(assembly: Assembly) -> None:
    publishers = {
        item["Principal"]["Service"]
        for policy in assembly.resources("AWS::SNS::TopicPolicy")
        for item in policy_statements(policy)
        if item["Effect"] == "Allow"
    }
    assert publishers == {"cloudwatch.amazonaws.com", "events.amazonaws.com", "budgets.amazonaws.com"}
    [key] = assembly.resources("AWS::KMS::Key")
    users = set()
    for item in policy_statements(key):
        if item["Action"] == ["kms:Decrypt", "kms:GenerateDataKey"] and "Service" in item["Principal"]:
            services = set(as_list(item["Principal"]["Service"]))
            # EventBridge passes no account, see docs/aws-behaviour.md.
            if services != {"events.amazonaws.com"}:
                assert item["Condition"] == {"StringEquals": {"aws:SourceAccount": "123456789012"}}
            users |= services
    assert publishers <= users


def test_every_alarm_notifies_its_topic_when_it_begins_and_ends_and_says_what_to_do(
    alarms: dict[str, Json], topics: dict[str, Resource]
) -> None:
    references = {f"<{topic.logical_id}>" for topic in topics.values()}  # in the stack of the topics
    references |= {f"arn:aws:sns:eu-central-1:123456789012:{name}" for name in topics}
    for name, alarm in alarms.items():
        [begin_topic], [end_topic] = alarm["AlarmActions"], alarm["OKActions"]
        assert text(begin_topic) == text(end_topic)
        assert text(begin_topic) in references
        assert 100 < len(text_of(alarm)) <= 1024, name  # CloudWatch's limit


def text_of(alarm: Json) -> str:
    return text(alarm["AlarmDescription"])


def test_missing_data_is_never_left_to_the_default(alarms: dict[str, Json]) -> None:
    assert {alarm.get("TreatMissingData") for alarm in alarms.values()} <= {
        "missing",
        "ignore",
        "breaching",
        "notBreaching",
    }


def test_each_dataset_has_an_alarm_on_rejected_records(
    alarms: dict[str, Json], names: Names, contracts: list[Contract]
) -> None:
    for contract in contracts:
        alarm = alarms[names.alarm("rejected", of=contract.dataset)]
        assert (alarm["Namespace"], alarm["MetricName"]) == (names.metric_namespace, Metric.REJECTED_PERCENT)
        assert alarm["Dimensions"] == [{"Name": "Dataset", "Value": contract.dataset}]
        assert (alarm["Threshold"], alarm["TreatMissingData"]) == (ALERTS.rejected_percent, "ignore")
        assert f"lakehouse quarantine {contract.dataset} --env dev" in text_of(alarm)


def test_each_dataset_has_an_alarm_on_its_gates(
    alarms: dict[str, Json], names: Names, contracts: list[Contract]
) -> None:
    for contract in contracts:
        alarm = alarms[names.alarm("blocked", of=contract.dataset)]
        assert (alarm["MetricName"], alarm["Statistic"], alarm["Threshold"]) == (Metric.BLOCKED, "Maximum", 0)
        assert alarm["Dimensions"] == [{"Name": "Dataset", "Value": contract.dataset}]
        assert alarm["TreatMissingData"] == "ignore"
        assert f"lakehouse rerun {contract.dataset} BATCH --env dev" in text_of(alarm)


def test_each_promise_of_freshness_has_an_alarm_that_silence_raises(
    alarms: dict[str, Json], names: Names, contracts: list[Contract]
) -> None:
    promises = {contract.dataset: contract.freshness for contract in contracts}
    for dataset, promised in promises.items():
        alarm = alarms.get(names.alarm("freshness", of=dataset))
        assert (alarm is None) == (promised is None), dataset
        if alarm is not None and promised is not None:
            assert (alarm["MetricName"], alarm["Statistic"]) == (Metric.DATA_AGE, "Minimum")
            assert alarm["Threshold"] == promised.total_seconds()
            assert alarm["Period"] * alarm["EvaluationPeriods"] == promised.total_seconds()
            assert alarm["TreatMissingData"] == "breaching"
    assert alarms[names.alarm("freshness", of="orders")]["Period"] == 180


@pytest.mark.parametrize(
    ("promised", "window"),
    [
        (timedelta(minutes=1), Window(60, 1, Missing.BREACHING)),
        (timedelta(minutes=7), Window(60, 7, Missing.BREACHING)),
        (timedelta(minutes=15), Window(180, 5, Missing.BREACHING)),
        (timedelta(days=1), Window(17280, 5, Missing.BREACHING)),
        (timedelta(days=7), Window(120960, 5, Missing.BREACHING)),
        (timedelta(days=8), Window(300, 1, Missing.IGNORE)),
    ],
)
def test_an_alarm_looks_back_as_far_as_the_promise_goes(promised: timedelta, window: Window) -> None:
    assert window_of(promised) == window


@pytest.mark.parametrize("minutes", [*range(1, 400), 24 * 60, 25 * 60 + 1, 7 * 24 * 60])
def test_windows_are_what_cloudwatch_takes(minutes: int) -> None:
    window = window_of(timedelta(minutes=minutes))
    length = window.period_seconds * window.periods
    assert window.period_seconds % 60 == 0
    assert length <= (DAY_SECONDS if window.period_seconds < 3600 else 7 * DAY_SECONDS)
    assert 0 <= minutes * 60 - length < window.period_seconds


def of_platform(contracts: list[Contract], names: Names, *, engine: str) -> set[str]:
    """Names of the alarms that this platform must have."""
    databases = {contract.source.name for contract in contracts if contract.source.is_database}
    streams = {contract.source.name for contract in contracts if contract.source.type == "kinesis"}
    expected = {("arrivals", "dead-letters"), ("athena", "scanned"), ("jobs", "unpublished")}
    expected |= {(source, f"{side}-latency") for source in databases for side in ("source", "target")}
    expected |= {(source, age) for source in streams for age in ("iterator-age", "delivery-age")}
    expected |= {("airflow", "heartbeat")} if engine == "mwaa" else set()
    expected |= {(contract.dataset, "stale") for contract in contracts if contract.has_versions}
    expected |= {(contract.dataset, "unreplicated") for contract in contracts if contract.source.is_database}
    return {names.alarm(subject, of=of) for of, subject in expected}


@pytest.mark.parametrize("deployment", DEPLOYMENTS)
def test_what_carries_data_is_watched_where_it_exists(
    everything: dict[str, Assembly], contracts: list[Contract], deployment: str
) -> None:
    environment, _, _ = deployment.partition("-")
    names = Names(environment=environment, account="123456789012", region="eu-central-1")
    found = everything[deployment].named("AWS::CloudWatch::Alarm", "AlarmName")
    of_datasets = {
        names.alarm(subject, of=contract.dataset)
        for contract in contracts
        for subject in ("rejected", "blocked", "freshness")
    }
    engine = deployment_settings(deployment).orchestration.engine
    assert found.keys() - of_datasets == of_platform(contracts, names, engine=engine)


def test_replications_are_watched_by_what_their_arn_ends_with(alarms: dict[str, Json], names: Names) -> None:
    [dimension] = alarms[names.alarm("source-latency", of="shop")]["Dimensions"]
    assert dimension["Name"] == "ReplicationConfigId"
    _, [account, resource] = dimension["Value"]["Fn::Join"]
    assert account == "123456789012:"
    index, split = resource["Fn::Select"]
    arn = "arn:aws:dms:eu-central-1:123456789012:replication-config:ABC"
    assert arn.split(split["Fn::Split"][0])[int(index)] == "ABC"
    assert "Replication" in split["Fn::Split"][1]["Fn::GetStackOutput"]["OutputName"]


def alone(
    folder: Path, *, names: Names, settings: Settings, contracts: list[Contract], replications: dict[str, str]
) -> Assembly:
    """The stack and what it needs, synthesized into a folder and checked by cdk-nag."""
    app = App(context=CONTEXT, outdir=str(folder))
    Observability(
        app,
        names=names,
        settings=settings,
        key=Storage(app, names=names, settings=settings).key,
        contracts=contracts,
        replications=replications,
        root=ROOT,
    )
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    app.synth()
    return Assembly(folder)


def test_on_an_instance_replications_are_watched_as_its_tasks(
    names: Names, contracts: list[Contract], tmp_path: Path
) -> None:
    settings = settings_of("dev")
    settings = replace(settings, replication=replace(settings.replication, instance_class="dms.t3.medium"))
    replications = {"shop": "arn:aws:dms:eu-central-1:123456789012:task:ABC"}
    made = alone(tmp_path, names=names, settings=settings, contracts=contracts, replications=replications)
    alarms = made.named("AWS::CloudWatch::Alarm", "AlarmName")
    assert alarms[names.alarm("source-latency", of="shop")]["Dimensions"] == [
        {"Name": "ReplicationInstanceIdentifier", "Value": names.replication_instance},
        {"Name": "ReplicationTaskIdentifier", "Value": "ABC"},
    ]


@pytest.mark.parametrize("deployment", DEPLOYMENTS)
def test_moves_that_are_ended_from_outside_are_notified_where_step_functions_starts_them(
    everything: dict[str, Assembly], deployment: str
) -> None:
    environment, _, _ = deployment.partition("-")
    names = Names(environment=environment, account="123456789012", region="eu-central-1")
    rule = everything[deployment].named("AWS::Events::Rule", "Name").get(names.failure_rule("moves"))
    engine = deployment_settings(deployment).orchestration.engine
    assert (rule is not None) == (engine == "step-functions")
    if rule is not None:
        [machine] = rule["EventPattern"]["detail"]["stateMachineArn"]
        assert text(machine) == f"arn:aws:states:eu-central-1:123456789012:stateMachine:{names.moves}"


def test_without_databases_and_streams_nothing_of_them_is_watched(keeping: Assembly, names: Names) -> None:
    watched = {text(alarm.properties["Namespace"]) for alarm in keeping.resources("AWS::CloudWatch::Alarm")}
    assert "AWS/DMS" not in watched
    rules = keeping.named("AWS::Events::Rule", "Name")
    assert names.failure_rule("jobs") in rules
    assert names.failure_rule("replications") not in rules


def test_failed_jobs_and_replications_are_notified_at_once(
    assembly: Assembly, topics: dict[str, Resource], names: Names
) -> None:
    rules = assembly.named("AWS::Events::Rule", "Name")
    jobs = rules[names.failure_rule("jobs")]
    assert jobs["EventPattern"]["detail"]["jobName"] == [names.job(job) for job in (*Move, *Fetch)]
    assert {"FAILED", "TIMEOUT"} <= set(jobs["EventPattern"]["detail"]["state"])
    replications = rules[names.failure_rule("replications")]
    # DMS Serverless reports its failures by the first, a task on an instance by the second.
    assert replications["EventPattern"]["detail"] == {"eventType": ["REPLICATION_FAILED", "REPLICATION_TASK_FAILED"]}
    assert len(replications["EventPattern"]["resources"]) == 1
    for rule in (jobs, replications):
        [target] = rule["Targets"]
        assert text(target["Arn"]) == f"<{topics[names.alerts_topic(Urgency.CRITICAL)].logical_id}>"
        used = set(re.findall(r"<([^>]+)>", target["InputTransformer"]["InputTemplate"]))
        assert used == target["InputTransformer"]["InputPathsMap"].keys()


def test_a_dashboard_for_each_domain_and_one_for_the_platform(
    assembly: Assembly, alarms: dict[str, Json], names: Names, contracts: list[Contract]
) -> None:
    dashboards = {
        name: json.loads(text(dashboard["DashboardBody"]))
        for name, dashboard in assembly.named("AWS::CloudWatch::Dashboard", "DashboardName").items()
    }
    domains = {contract.domain for contract in contracts}
    assert dashboards.keys() == {names.dashboard(domain) for domain in domains} | {names.dashboard()}
    for domain in domains:
        drawn = {
            (metric[1], dict(zip(metric[2:-1:2], metric[3:-1:2], strict=True))["Dataset"])
            for widget in dashboards[names.dashboard(domain)]["widgets"]
            for metric in widget["properties"].get("metrics", [])
        }
        datasets = {contract.dataset for contract in contracts if contract.domain == domain}
        shown = set(Metric) - {Metric.ACCEPTED, Metric.REJECTED}  # received, and the share that was rejected, say it
        assert drawn == {(metric, dataset) for metric in shown for dataset in datasets}
    shown_alarms = [
        arn.rpartition(":")[2]
        for dashboard in dashboards.values()
        for widget in dashboard["widgets"]
        for arn in widget["properties"].get("alarms", [])
    ]
    assert sorted(shown_alarms) == sorted(alarms)
    status, *graphs = dashboards[names.dashboard()]["widgets"]
    assert [graph["properties"]["annotations"]["alarms"] for graph in graphs] == [
        [arn] for arn in status["properties"]["alarms"]
    ]


def test_the_budget_counts_this_deployment_and_warns_before_it_is_spent(
    assembly: Assembly, topics: dict[str, Resource], names: Names
) -> None:
    [budget] = assembly.resources("AWS::Budgets::Budget")
    stated: Any = budget.properties["Budget"]
    assert stated["BudgetName"] == names.budget
    assert (stated["BudgetLimit"], stated["TimeUnit"]) == (
        {"Amount": ALERTS.monthly_budget_usd, "Unit": "USD"},
        "MONTHLY",
    )
    filters = {item["Tags"]["Key"]: item["Tags"]["Values"] for item in stated["FilterExpression"]["And"]}
    assert filters == {"project": [names.project], "environment": [names.environment]}
    for type_ in ("AWS::S3::Bucket", "AWS::Glue::Job"):  # what costs money has the tags
        for resource in assembly.resources(type_):
            tags = resource.properties["Tags"]
            given = tags if isinstance(tags, dict) else {tag["Key"]: tag["Value"] for tag in tags}
            assert given.items() >= {"project": names.project, "environment": names.environment}.items()
    thresholds = [
        (entry["Notification"]["NotificationType"], entry["Notification"]["Threshold"])
        for entry in budget.properties["NotificationsWithSubscribers"]
    ]
    assert thresholds == [("ACTUAL", 80), ("ACTUAL", 100), ("FORECASTED", 100)]
    for entry in budget.properties["NotificationsWithSubscribers"]:
        [subscriber] = entry["Subscribers"]
        assert text(subscriber["Address"]) == f"<{topics[names.alerts_topic(Urgency.WARNING)].logical_id}>"


@pytest.mark.parametrize("deployment", DEPLOYMENTS)
def test_every_function_logs_to_a_group_that_is_encrypted_and_ends(
    everything: dict[str, Assembly], deployment: str
) -> None:
    assembly = everything[deployment]
    groups = {(group.stack, f"<{group.logical_id}>"): group for group in assembly.resources("AWS::Logs::LogGroup")}
    for group in groups.values():
        assert group.properties["RetentionInDays"] > 0
        assert "KmsKeyId" in group.properties
    functions = assembly.resources("AWS::Lambda::Function")
    assert functions
    for function in functions:
        assert (function.stack, text(function.properties["LoggingConfig"]["LogGroup"])) in groups, function.logical_id


def test_jobs_that_cannot_publish_metrics_are_counted(assembly: Assembly, names: Names) -> None:
    filters = assembly.resources("AWS::Logs::MetricFilter")
    assert len(filters) == len(Move)
    for item in filters:
        [made] = item.properties["MetricTransformations"]
        assert made["MetricNamespace"] == names.metric_namespace
        assert "metrics were not published" in item.properties["FilterPattern"]


def test_the_runbook_has_a_line_for_each_kind_of_alarm(alarms: dict[str, Json], names: Names) -> None:
    _, _, runbook = RUNBOOK.read_text().partition("## Alarms")
    runbook, _, _ = runbook.partition("## Dashboards")
    for alarm in alarms:
        subject = next(part for part in SUBJECTS if alarm.endswith(f"-{part}"))
        assert f"`{subject}`" in runbook
    assert len(SUBJECTS) == runbook.count("\n| `")


SUBJECTS = (
    "rejected",
    "blocked",
    "freshness",
    "stale",
    "unreplicated",
    "source-latency",
    "target-latency",
    "iterator-age",
    "delivery-age",
    "dead-letters",
    "scanned",
    "unpublished",
    "unsent",
    "heartbeat",
)


def test_slack_is_notified_by_every_topic_and_its_webhook_is_a_secret(
    names: Names, contracts: list[Contract], tmp_path: Path
) -> None:
    settings = settings_of("dev")
    settings = replace(settings, alerts=replace(settings.alerts, slack=True, emails=("a@example.com",)))
    assembly = alone(tmp_path, names=names, settings=settings, contracts=contracts, replications={})
    [function] = [
        item
        for item in assembly.resources("AWS::Lambda::Function")
        if item.properties.get("FunctionName") == names.slack
    ]
    assert function.properties["Environment"] == {"Variables": {SECRET: names.slack_secret}}
    [secret] = assembly.resources("AWS::SecretsManager::Secret")
    assert secret.properties["Name"] == names.slack_secret
    assert "KmsKeyId" in secret.properties
    subscribed: dict[str, set[str]] = {"lambda": set(), "email": set()}
    for subscription in assembly.resources("AWS::SNS::Subscription"):
        subscribed[subscription.properties["Protocol"]].add(text(subscription.properties["TopicArn"]))
        if subscription.properties["Protocol"] == "lambda":
            assert text(subscription.properties["Endpoint"]) == f"<{function.logical_id}>"
    allowed = {text(item.properties["SourceArn"]) for item in assembly.resources("AWS::Lambda::Permission")}
    assert len(subscribed["lambda"]) == len(Urgency)
    assert subscribed["lambda"] == subscribed["email"] == allowed


def test_nobody_asked_for_slack_and_nothing_of_it_is_there(assembly: Assembly) -> None:
    assert not any(
        item.properties.get("Handler") == "lakehouse.operations.slack.handler" for item in assembly.resources()
    )
