"""The minimal profile's scheduler, really run: files in stage reach the marts, and what fails is told."""

import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest

from lakehouse.batches import attempts
from lakehouse.batches.ingest import upload
from lakehouse.contracts.model import Contract
from lakehouse.engine import athena, catalog
from lakehouse.names import Move, Names, Urgency, Zone
from tests.support.demo.finished_demo import Demo
from tests.support.moves.planned import plan_batch

pytestmark = pytest.mark.e2e

HEADING = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"


@pytest.fixture
def names(finished: Demo) -> Names:
    return finished.lake.names


@pytest.fixture
def store_sales(finished: Demo) -> Contract:
    return next(contract for contract in finished.contracts if contract.dataset == "store_sales")


def execute(names: Names) -> dict[str, Any]:
    """Start the state machine as its schedule does, and wait for its end."""
    client: Any = boto3.client("stepfunctions")
    machine = f"arn:aws:states:{names.region}:{names.account}:stateMachine:{names.moves}"
    execution = client.start_execution(stateMachineArn=machine, input="{}")["executionArn"]
    while (found := client.describe_execution(executionArn=execution))["status"] == "RUNNING":
        time.sleep(0.2)
    return dict(found)


def sell(names: Names, contract: Contract, folder: Path, *, invoice: str) -> None:
    """A till sends a file of one good line and one bad one."""
    line = f"{invoice},85123A,WHITE HANGING HEART,6,2026-01-05 08:26:00,2.55,17850,United Kingdom\n"
    file = folder / f"{invoice}.csv"
    file.write_text(HEADING + line + line.replace(",6,", ",six,"))
    upload(boto3.client("s3"), [file], names=names, contract=contract, arrived_at=datetime.now(UTC))


def lines_of(names: Names, invoice: str) -> dict[Zone, int]:
    """How many lines of an invoice each zone has."""
    tables = {Zone.RAW: "store_sales", Zone.INTEGRATION: "store_sales", Zone.CURATED: "fct_store_sales"}
    counts = {}
    for zone, table in tables.items():
        sql = f"SELECT count(*) FROM {names.database(zone)}.{table} WHERE invoice_no = '{invoice}'"
        [(count,)] = athena.query(boto3.client("athena"), sql, names=names).rows
        counts[zone] = int(str(count))
    return counts


@pytest.mark.slow
def test_files_reach_the_marts_and_then_nothing_is_left_to_do(
    names: Names, store_sales: Contract, tmp_path: Path
) -> None:
    sell(names, store_sales, tmp_path, invoice="599001")
    assert lines_of(names, "599001") == {Zone.RAW: 0, Zone.INTEGRATION: 0, Zone.CURATED: 0}

    done = execute(names)

    assert done["status"] == "SUCCEEDED", done
    assert {"dataset": "store_sales", "moved": True} in json.loads(done["output"])
    # Raw keeps the rejected line too.
    assert lines_of(names, "599001") == {Zone.RAW: 2, Zone.INTEGRATION: 1, Zone.CURATED: 1}
    [*_, last] = attempts.read(catalog.load(), names=names, dataset="store_sales")
    assert (last.move, last.state) == (Move.RAW_TO_INTEGRATION, attempts.SUCCEEDED)

    runs = runs_of(names)
    again = execute(names)
    assert (again["status"], json.loads(again["output"])) == ("SUCCEEDED", [])
    assert runs_of(names) == runs


def runs_of(names: Names) -> int:
    glue = boto3.client("glue")
    return sum(len(glue.get_job_runs(JobName=names.job(move))["JobRuns"]) for move in Move)


def test_what_fails_is_told_and_left_alone_for_a_while(names: Names, store_sales: Contract, tmp_path: Path) -> None:
    s3, sqs, sns = boto3.client("s3"), boto3.client("sqs"), boto3.client("sns")
    sell(names, store_sales, tmp_path, invoice="599002")
    batch = plan_batch(s3, names=names, contract=store_sales)
    assert batch is not None
    [item] = batch.objects
    s3.delete_object(Bucket=item.bucket, Key=item.key, VersionId=str(item.version_id))
    queue = sqs.create_queue(QueueName="on-duty")["QueueUrl"]
    topic = f"arn:aws:sns:{names.region}:{names.account}:{names.alerts_topic(Urgency.CRITICAL)}"
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=f"arn:aws:sqs:{names.region}:{names.account}:on-duty")

    failed = execute(names)

    assert (failed["status"], failed["error"]) == ("FAILED", "MovesFailed")
    messages = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, WaitTimeSeconds=1)["Messages"]
    told = {body["Subject"]: body["Message"] for body in (json.loads(message["Body"]) for message in messages)}
    message = told[f"{names.prefix}: moves failed"]
    assert "- store_sales: States.TaskFailed" in message
    assert f"{item.uri}: gone since its batch was planned" in message
    assert f"lakehouse run --env {names.environment}" in message

    # It would fail again, so the next execution does not even try.
    runs = runs_of(names)
    assert execute(names)["status"] == "SUCCEEDED"
    assert runs_of(names) == runs
    # Other tests go on with this dataset, and would take up the batch that cannot be read.
    manifest = f"{names.batches_prefix(dataset='store_sales')}{batch.batch_id}.json"
    s3.delete_object(Bucket=names.bucket(Zone.RAW), Key=manifest)
