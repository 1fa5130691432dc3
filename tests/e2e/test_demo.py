"""After full load and changes the lakehouse says what the sources say, and saying it again changes nothing."""

import base64
import gzip
import json
from collections import Counter

import boto3
import pytest

from lakehouse.batches import attempts
from lakehouse.contracts.columns import BATCH_ID, RECORD
from lakehouse.contracts.model import Contract
from lakehouse.engine import catalog
from lakehouse.names import Move, Zone
from local.demo import __main__, page_views
from local.demo.report import report
from tests.support.demo import mart, tables
from tests.support.demo.finished_demo import Demo

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]


@pytest.mark.parametrize("dataset", ["customers", "products", "orders", "order_items"])
def test_integration_equals_the_source_row_by_row(finished: Demo, dataset: str) -> None:
    contract = named(finished, dataset)
    expected = tables.source(contract, finished.lake.database.conninfo)
    assert len(expected) > 100
    assert tables.integration(contract, names=finished.lake.names) == expected


def test_the_mart_equals_the_same_aggregate_on_the_source(finished: Demo) -> None:
    expected = mart.of_database(finished.lake.database.conninfo)
    assert len(expected) > 10
    assert mart.of_lakehouse(finished.lake.names) == expected


def test_received_is_accepted_and_rejected_for_every_batch(finished: Demo) -> None:
    names = finished.lake.names
    for contract in finished.contracts:
        rows = (
            catalog.load()
            .load_table((names.database(Zone.RAW), contract.dataset))
            .scan(selected_fields=(BATCH_ID, RECORD))
            .to_arrow()
            .to_pylist()
        )
        received = Counter(row[BATCH_ID] for row in rows)
        rejected = Counter(row[BATCH_ID] for row in rows if row[RECORD] is not None)
        recorded = [
            attempt
            for attempt in attempts.read(catalog.load(), names=names, dataset=contract.dataset)
            if attempt.move is Move.STAGE_TO_RAW
        ]
        assert recorded
        for attempt in recorded:
            assert attempt.received == attempt.accepted + attempt.rejected == received[attempt.batch_id]  # type: ignore[operator]
            assert attempt.rejected == rejected[attempt.batch_id]


def test_the_till_is_counted_as_it_was_written(finished: Demo) -> None:
    week, contract = finished.week, named(finished, "store_sales")
    files = [*week.on_time, week.late, week.again]
    recorded = [
        attempt
        for attempt in attempts.read(catalog.load(), names=finished.lake.names, dataset=contract.dataset)
        if attempt.move is Move.STAGE_TO_RAW
    ]
    assert sum(attempt.received or 0 for attempt in recorded) == sum(file.records for file in files)
    assert sum(attempt.rejected or 0 for attempt in recorded) == sum(file.faulty for file in files)
    different = sum(file.different for file in (*week.on_time, week.late))
    assert len(tables.integration(contract, names=finished.lake.names)) == different


def test_events_are_counted_as_they_were_sent(finished: Demo) -> None:
    hours, contract, names = (
        [page_views.hour(1), page_views.hour(2)],
        named(finished, "page_views"),
        finished.lake.names,
    )
    recorded = [
        attempt
        for attempt in attempts.read(catalog.load(), names=names, dataset=contract.dataset)
        if attempt.move is Move.STAGE_TO_RAW
    ]
    assert sum(attempt.received or 0 for attempt in recorded) == sum(hour.views for hour in hours)
    assert sum(attempt.rejected or 0 for attempt in recorded) == sum(hour.kinds["faulty"] for hour in hours) > 0
    sent = {json.loads(event.body)["event_id"] for hour in hours for event in hour.events if event.kind == "view"}
    rows = tables.integration(contract, names=names)
    assert len(rows) == len(sent) == sum(hour.kinds["view"] for hour in hours)
    assert {row[0] for row in rows} == sent


def test_an_event_of_no_dataset_is_kept_with_the_reason(finished: Demo) -> None:
    s3, names = boto3.client("s3"), finished.lake.names
    listed = s3.list_objects_v2(Bucket=names.bucket(Zone.STAGE), Prefix=names.undelivered_prefix)["Contents"]
    bodies = [s3.get_object(Bucket=names.bucket(Zone.STAGE), Key=item["Key"])["Body"].read() for item in listed]
    kept = [json.loads(line) for body in bodies for line in gzip.decompress(body).splitlines()]
    assert [json.loads(base64.b64decode(record["rawData"]))["dataset"] for record in kept] == ["mouse_moves"] * 2
    assert "no contract has this dataset" in kept[0]["errorMessage"]


def test_what_arrives_in_stage_is_a_message(finished: Demo) -> None:
    sqs, names = boto3.client("sqs"), finished.lake.names
    queue = sqs.get_queue_url(QueueName=names.arrivals)["QueueUrl"]
    told: set[str] = set()
    while messages := sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages"):
        told |= {json.loads(message["Body"])["detail"]["object"]["key"] for message in messages}
    pages = boto3.client("s3").get_paginator("list_objects_v2").paginate(Bucket=names.bucket(Zone.STAGE))
    arrived = {item["Key"] for page in pages for item in page["Contents"]}
    assert told == {key for key in arrived if not key.startswith(names.undelivered_prefix)}
    assert any(key.startswith(named(finished, "page_views").stage_prefix) for key in told)
    assert any(key.startswith(named(finished, "orders").stage_prefix) for key in told)


def test_the_report_is_allowed_to_its_roles(finished: Demo, capsys: pytest.CaptureFixture[str]) -> None:
    report(finished.lake, finished.contracts)
    printed = capsys.readouterr().out
    assert all(contract.dataset in printed for contract in finished.contracts)
    assert "Three rejected records" in printed
    assert "expected" in printed


def test_running_again_changes_nothing(finished: Demo) -> None:
    before = tables.snapshots(finished.contracts, names=finished.lake.names)
    assert __main__.move(finished.lake, finished.contracts) == "0 job runs"
    assert tables.snapshots(finished.contracts, names=finished.lake.names) == before


def named(finished: Demo, dataset: str) -> Contract:
    return next(contract for contract in finished.contracts if contract.dataset == dataset)
