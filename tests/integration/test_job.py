"""The records of an attempt: a row in ops, metrics and the alarms on them, lines in the log, a trace."""

import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import boto3
import pytest

from emulator.runtime.server_lifecycle import Server
from lakehouse.batches import attempts, manifests
from lakehouse.contracts.types import INT
from lakehouse.engine import aws_retries, tracing
from lakehouse.errors import LakehouseError
from lakehouse.moves import metrics, raw_to_integration, stage_to_raw
from lakehouse.moves.done import Done
from lakehouse.moves.job import Job, open_job
from lakehouse.moves.metrics import Metric
from lakehouse.names import Move, Names
from tests.support.contract_builders import column, contract, fail_on_harmful
from tests.support.emulator.callers import open_to
from tests.support.moves import jobs
from tests.support.moves.otlp_receiver import receiver

SHOP = contract(column("id", INT, required=True), column("note"))
CONTRACTS = Path(__file__).parents[2] / "contracts"

Arrive = Callable[[str], str]


@pytest.fixture(scope="module")
def names(aws: Server) -> Names:
    return jobs.deployment(aws, project="attempts")


@pytest.fixture
def job(names: Names, request: pytest.FixtureRequest) -> Job:
    """A run on a dataset of its own for each test."""
    dataset = request.node.originalname.removeprefix("test_")[:40]
    return jobs.job_on(replace(SHOP, dataset=dataset), names=names)


@pytest.fixture
def arrive(job: Job) -> Arrive:
    """A function that puts a file into stage and returns the id of its batch."""
    return partial(jobs.arrive, job)


def measured(job: Job, metric: Metric) -> dict[str, float]:
    """Return the number and the sum of all published values of a metric."""
    dimensions = metrics.dimensions(metric, dataset=job.contract.dataset, move=job.move if metric.is_by_move else None)
    now = datetime.now(UTC)
    cloudwatch: Any = boto3.client("cloudwatch")
    points = cloudwatch.get_metric_statistics(
        Namespace=job.names.metric_namespace,
        MetricName=metric,
        Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()],
        StartTime=now - timedelta(hours=1),
        EndTime=now + timedelta(minutes=1),
        Period=7200,
        Statistics=["SampleCount", "Sum"],
    )["Datapoints"]
    return {name: sum(point[name] for point in points) for name in ("SampleCount", "Sum")}


def once(value: float) -> dict[str, float]:
    return {"SampleCount": 1, "Sum": value}


def test_rejected_records_raise_the_alarm_of_their_dataset_alone(job: Job, arrive: Arrive) -> None:
    cloudwatch: Any = boto3.client("cloudwatch")
    topic, queue = alert_queue("rejections")
    for dataset in (job.contract.dataset, "another"):
        cloudwatch.put_metric_alarm(
            AlarmName=dataset,
            Namespace=job.names.metric_namespace,
            MetricName=Metric.REJECTED_PERCENT,
            Dimensions=[{"Name": "Dataset", "Value": dataset}],
            Statistic="Maximum",
            Period=300,
            EvaluationPeriods=1,
            Threshold=1,
            ComparisonOperator="GreaterThanThreshold",
            TreatMissingData="ignore",
            AlarmActions=[topic],
        )

    stage_to_raw.run(replace(job, batch_ids=(arrive("id,note\n1,a\nnone,b\n2,c\n3,d\n"),)))

    assert measured(job, Metric.RECEIVED) == once(4)
    assert measured(job, Metric.ACCEPTED) == once(3)
    assert measured(job, Metric.REJECTED) == once(1)
    assert measured(job, Metric.REJECTED_PERCENT) == once(25)
    assert measured(job, Metric.FAILURES) == once(0)
    assert measured(job, Metric.DURATION)["Sum"] > 0
    assert measured(job, Metric.DATA_AGE)["SampleCount"] == 0
    alarms = cloudwatch.describe_alarms(AlarmNames=[job.contract.dataset, "another"])["MetricAlarms"]
    assert {alarm["AlarmName"]: alarm["StateValue"] for alarm in alarms} == {
        job.contract.dataset: "ALARM",
        "another": "INSUFFICIENT_DATA",
    }
    [message] = boto3.client("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]
    notification = json.loads(json.loads(message["Body"])["Message"])
    assert (notification["AlarmName"], notification["NewStateValue"]) == (job.contract.dataset, "ALARM")


def test_an_unexpected_error_of_a_reader_is_counted(job: Job, arrive: Arrive, monkeypatch: pytest.MonkeyPatch) -> None:
    fail_on_harmful(monkeypatch)
    stage_to_raw.run(replace(job, batch_ids=(arrive("id,note\n1,a\nnone,b\n2,harmful\n3,d\n"),)))
    assert measured(job, Metric.REJECTED) == once(2)
    assert measured(job, Metric.UNEXPECTED) == once(1)


def test_integration_measures_the_age_of_its_newest_data(job: Job, arrive: Arrive) -> None:
    first, second = arrive("id,note\n1,a\n"), arrive("id,note\n2,b\n3,c\n")
    stage_to_raw.run(replace(job, batch_ids=(first, second)))
    later = replace(job, move=Move.RAW_TO_INTEGRATION, batch_ids=(first, second))
    planned_at = manifests.load(
        boto3.client("s3"), names=job.names, dataset=job.contract.dataset, batch_id=second
    ).arrived_at
    before = (datetime.now(UTC) - planned_at).total_seconds()
    raw_to_integration.run(later)
    after = (datetime.now(UTC) - planned_at).total_seconds()
    assert measured(later, Metric.CHANGED) == once(3)
    age = measured(later, Metric.DATA_AGE)
    assert age["SampleCount"] == 1
    assert before <= age["Sum"] <= after
    assert measured(later, Metric.FAILURES) == once(0)


def test_a_failure_is_measured_and_recorded(job: Job, caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> Done:
        raise LakehouseError("the file is gone")

    with caplog.at_level(logging.INFO, logger="lakehouse"), pytest.raises(LakehouseError, match="the file is gone"):
        job.attempt(["one-00000001"], fail)
    assert measured(job, Metric.FAILURES) == once(1)
    assert measured(job, Metric.RECEIVED)["SampleCount"] == 0
    [attempt] = attempts.read(job.catalog, names=job.names, dataset=job.contract.dataset)
    assert (attempt.state, attempt.error) == (attempts.FAILED, "LakehouseError: the file is gone")
    assert "one-00000001: stage_to_raw failed: LakehouseError: the file is gone" in caplog.messages


def test_a_failure_that_cannot_be_recorded_still_raises_its_cause(
    job: Job, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> Done:
        raise LakehouseError("the file is gone")

    def unreachable(*_: Any, **__: Any) -> None:
        raise OSError("S3 is away")

    monkeypatch.setattr(attempts, "record", unreachable)
    with pytest.raises(LakehouseError, match="the file is gone"):
        job.attempt(["one-00000001"], fail)
    errors = [line.getMessage() for line in caplog.records if line.levelname == "ERROR"]
    cause, remedy = (
        f"{job.contract.dataset}: stage_to_raw of batches one-00000001 failed",
        "Committed data is kept; there are no partial writes. Fix the cause",
    )
    assert errors[0] == "one-00000001: the failure could not be recorded: S3 is away"
    assert errors[1].startswith(f"{cause}: LakehouseError: the file is gone. ")
    assert f"{remedy}, then run `lakehouse run {job.contract.dataset}`." in errors[1]


def test_a_job_that_has_committed_does_not_fail_for_its_metrics(
    job: Job, arrive: Arrive, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    batch_id = arrive("id,note\n1,a\n")
    monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDWATCH", "http://127.0.0.1:9")  # no server listens there
    stage_to_raw.run(replace(job, batch_ids=(batch_id,)))
    [attempt] = attempts.read(job.catalog, names=job.names, dataset=job.contract.dataset)
    assert (attempt.state, attempt.accepted) == (attempts.SUCCEEDED, 1)
    [line] = [line for line in caplog.messages if metrics.UNPUBLISHED_LOG in line]
    assert batch_id in line
    monkeypatch.delenv("AWS_ENDPOINT_URL_CLOUDWATCH")
    assert measured(job, Metric.RECEIVED)["SampleCount"] == 0


def test_an_attempt_is_a_trace_with_a_span_a_step(job: Job, arrive: Arrive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracing, "_provider", None)
    batch_id = arrive("id,note\n1,a\n")
    with receiver() as received:
        tracing.export_to(received.endpoint, move=Move.STAGE_TO_RAW, names=job.names, run_id="jr_1")
        stage_to_raw.run(replace(job, batch_ids=(batch_id,)))
        raw_to_integration.run(replace(job, move=Move.RAW_TO_INTEGRATION, batch_ids=(batch_id,)))
        spans = received.spans()
    assert {name: span.parent for name, span in spans.items()} == {
        "stage_to_raw": None,
        "count": "stage_to_raw",
        "raw_to_integration": None,
        "read": "raw_to_integration",
        "write": "raw_to_integration",
        "commit": "write",
        "judge": "raw_to_integration",
        "record": "raw_to_integration",
    }
    about = {"lakehouse.dataset": job.contract.dataset, "lakehouse.batches": batch_id, "lakehouse.run": "jr_1"}
    assert spans["raw_to_integration"].attributes == about
    assert spans["stage_to_raw"].resource["service.name"] == job.names.job(Move.STAGE_TO_RAW)
    assert spans["stage_to_raw"].resource["service.instance.id"] == "jr_1"
    assert spans["raw_to_integration"].seconds >= spans["write"].seconds >= spans["commit"].seconds > 0


def test_a_failed_attempt_shows_in_its_trace(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> Done:
        with tracing.span("write"):
            raise LakehouseError("the file is gone")

    monkeypatch.setattr(tracing, "_provider", None)
    with receiver() as received:
        tracing.export_to(received.endpoint, move=job.move, names=job.names, run_id="jr_1")
        with pytest.raises(LakehouseError):
            job.attempt(["one-00000001"], fail)
        spans = received.spans()
    assert spans["write"].errors == spans["stage_to_raw"].errors == ["the file is gone"]
    assert spans["record"].errors == []


@pytest.fixture
def handlers() -> Iterator[None]:
    """Restore the root logger's handlers, which an opened job replaces."""
    root = logging.getLogger()
    before = root.handlers[:]
    yield
    root.handlers[:] = before


@pytest.mark.usefixtures("aws", "handlers")
def test_each_line_of_the_log_names_its_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LAKEHOUSE_ENGINE", "sail")
    monkeypatch.setattr(tracing, "_provider", None)
    monkeypatch.setattr(aws_retries, "configure", lambda: None)  # it would change the clients of other tests
    options = {"environment": "dev", "contracts": str(CONTRACTS), "dataset": "orders", "batch_ids": "orders-00000001"}
    arguments = [part for name, value in options.items() for part in (f"--{name}", value)]
    open_job(Move.STAGE_TO_RAW, [*arguments, "--JOB_RUN_ID", "jr_42", "--enable-metrics", "true"])
    assert tracing._provider is None  # no endpoint for traces is set
    logging.getLogger("lakehouse.anything").info("a line")
    assert "INFO run=jr_42 lakehouse.anything: a line" in capsys.readouterr().out


def alert_queue(name: str) -> tuple[str, str]:
    """Return the ARN of a topic, and the URL of a queue that receives its messages."""
    sns, sqs = boto3.client("sns"), boto3.client("sqs")
    topic = sns.create_topic(Name=name, Attributes={"Policy": open_to("cloudwatch", "sns:Publish")})["TopicArn"]
    queue = sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    return topic, queue
