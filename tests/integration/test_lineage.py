"""Lineage that a job leaves: events in ops.lineage, valid and complete, and the same at an HTTP endpoint."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest

from emulator.runtime.server_lifecycle import Server
from lakehouse.batches import attempts
from lakehouse.contracts.types import INT
from lakehouse.engine import catalog
from lakehouse.errors import LakehouseError
from lakehouse.lineage import build, endpoint
from lakehouse.lineage.endpoint import Endpoint
from lakehouse.lineage.events import Parent
from lakehouse.moves import raw_to_integration, stage_to_raw
from lakehouse.moves.done import Done
from lakehouse.moves.job import Job
from lakehouse.names import Move, Names, OpsTable, Zone
from lakehouse.tables import migrations
from lakehouse.tables.definition import raw
from tests.support.contract_builders import column, contract
from tests.support.lineage import dbt_artifacts
from tests.support.lineage.openlineage import check
from tests.support.lineage.receiver import Receiver, receiver, recorded
from tests.support.moves import jobs

SHOP = contract(column("id", INT, required=True), replace(column("note"), source_name="Note"))


@pytest.fixture(scope="module")
def names(aws: Server) -> Names:
    return jobs.deployment(aws, project="lineage")


@pytest.fixture
def told() -> Iterator[Receiver]:
    with receiver() as running:
        yield running


@pytest.fixture
def job(names: Names, request: pytest.FixtureRequest) -> Job:
    dataset = re.sub(r"\W", "_", request.node.name.removeprefix("test_"))
    return jobs.job_on(replace(SHOP, dataset=dataset), names=names)


def of_type(events: list[dict[str, Any]], type_: str, job: str) -> dict[str, Any]:
    (found,) = (event for event in events if (event["eventType"], event["job"]["name"]) == (type_, job))
    return found


def test_both_moves_are_told_from_the_file_to_the_integration_table(job: Job, told: Receiver) -> None:
    dataset = job.contract.dataset
    job = replace(job, endpoint=Endpoint(told.url), parent=Parent("lakehouse-dev-moves", "execution-1"))
    batch_id = jobs.arrive(job, "id,Note\n1,a\nnone,b\n2,c\n")
    stage_to_raw.run(replace(job, batch_ids=(batch_id,)))
    raw_to_integration.run(replace(job, move=Move.RAW_TO_INTEGRATION, batch_ids=(batch_id,), run_id="jr_2"))

    events = recorded(job)
    check(events)
    assert told.events == events
    loads, merges = f"stage_to_raw.{dataset}", f"raw_to_integration.{dataset}"
    assert [(event["eventType"], event["job"]["name"]) for event in events] == [
        ("START", loads),
        ("COMPLETE", loads),
        ("START", f"{loads}.gate"),
        ("COMPLETE", f"{loads}.gate"),
        ("START", merges),
        ("COMPLETE", merges),
    ]
    load, merge = (of_type(events, "COMPLETE", name) for name in (loads, merges))
    source, file = load["inputs"]
    assert (source["name"], file["name"]) == (f"sales/{dataset}", f"sales/{dataset}/file.csv")
    assert file["facets"]["version"]["datasetVersion"]
    (output,) = load["outputs"]
    assert output["outputFacets"]["outputStatistics"]["rowCount"] == 3
    types = {field["name"]: field["type"] for field in output["facets"]["schema"]["fields"]}
    assert types.items() >= {"id": "int", "note": "string", "_batch_id": "string"}.items()
    (origin,) = output["facets"]["columnLineage"]["fields"]["note"]["inputFields"]
    assert (origin["name"], origin["field"]) == (source["name"], "Note")
    assert merge["inputs"][0]["name"] == output["name"] == f"table/{job.names.database(Zone.RAW)}/{dataset}"
    assert merge["outputs"][0]["outputFacets"]["outputStatistics"]["rowCount"] == 2
    assert load["run"]["facets"]["parent"]["job"]["name"] == "lakehouse-dev-moves"
    assert load["run"]["facets"]["lakehouse"]["run_id"] == "jr_1"
    gate = of_type(events, "COMPLETE", f"{loads}.gate")
    assert gate["run"]["facets"]["parent"]["run"]["runId"] == load["run"]["runId"]
    assert gate["inputs"][0]["inputFacets"]["dataQualityAssertions"]["assertions"] == [
        {"assertion": "_accepted", "success": True, "severity": "error"}
    ]


def test_a_failure_is_told_with_its_error(job: Job, told: Receiver) -> None:
    def fail() -> Done:
        raise LakehouseError("the file is gone")

    with pytest.raises(LakehouseError, match="the file is gone"):
        replace(job, endpoint=Endpoint(told.url)).attempt(["one-00000001"], fail)
    started, failed = recorded(job)
    check([started, failed])
    assert told.events == [started, failed]
    assert (started["eventType"], failed["eventType"]) == ("START", "FAIL")
    assert started["run"]["runId"] == failed["run"]["runId"]
    assert failed["run"]["facets"]["errorMessage"]["message"] == "LakehouseError: the file is gone"


def test_a_build_is_told_through_athena(
    names: Names, told: Receiver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    boto3.client("s3").create_bucket(
        Bucket=names.results_bucket, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
    )
    boto3.client("athena").create_work_group(
        Name=names.dbt_workgroup,
        Configuration={"ResultConfiguration": {"OutputLocation": names.results_uri(names.dbt_workgroup)}},
    )
    (tmp_path / "manifest.json").write_text(json.dumps(dbt_artifacts.manifest(names)))
    (tmp_path / "run_results.json").write_text(json.dumps(dbt_artifacts.results()))
    definition = raw(replace(SHOP, dataset="orders"), names=names)
    migrations.create(catalog.load(), definition)
    monkeypatch.setenv(endpoint.ENDPOINT, told.url)
    build.publish(names, target=tmp_path, profile=None, parent="lakehouse-dev-moves/execution-1")

    table = catalog.load().load_table((names.ops_database, OpsTable.LINEAGE))
    rows = table.scan(row_filter="run_id = '0c4a'").to_arrow().to_pylist()
    assert Counter((row["dataset"], row["event_type"]) for row in rows) == {
        ("fct", "START"): 2,
        ("fct", "COMPLETE"): 2,
        ("mart", "START"): 1,
        ("mart", "FAIL"): 1,
    }
    events = [json.loads(row["event"]) for row in rows]
    check(events)
    assert sorted(map(str, told.events)) == sorted(map(str, events))
    assert [row["event_time"].isoformat() for row in rows] == [event["eventTime"] for event in events]
    assert {tuple(row["outputs"]) for row in rows if row["dataset"] == "mart"} == {
        (f"arn:aws:glue:{names.region}:{names.account}/table/{names.database(Zone.CURATED)}/mart",)
    }
    orders = next(event for event in events if event["job"]["name"] == "dbt.fct")["inputs"][0]
    assert [field["name"] for field in orders["facets"]["schema"]["fields"]][:2] == ["id", "note"]  # as Glue has it


def test_a_build_whose_lineage_has_no_place_is_built(
    names: Names, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    build.publish(names, target=tmp_path, profile=None, parent=None)
    assert any("the lineage of this build is not in lineage_dev_ops.lineage" in line for line in caplog.messages)


@pytest.mark.parametrize("status", [None, 500, 302])
def test_an_endpoint_that_takes_nothing_fails_no_move(
    job: Job, told: Receiver, caplog: pytest.LogCaptureFixture, status: int | None
) -> None:
    told.status = status or 200
    url = told.url if status else "http://127.0.0.1:9"  # nobody listens there
    job = replace(job, endpoint=Endpoint(url))
    before = len(recorded(job))
    for _ in range(2):
        job.attempt(["one-00000001"], Done)
    assert len(recorded(job)) == before + 4
    assert attempts.read(job.catalog, names=job.names, dataset=job.contract.dataset)[-1].state == attempts.SUCCEEDED
    (line,) = (line for line in caplog.messages if endpoint.UNSENT_LOG in line)
    assert url in line
