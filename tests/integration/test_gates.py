"""Gates: results of rules are recorded, and a batch or dataset that does not pass is blocked."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import boto3
import pytest
from pyiceberg.table import Table

from emulator.runtime.server_lifecycle import Server
from lakehouse.batches import attempts
from lakehouse.batches.attempts import Attempt
from lakehouse.contracts.model import Contract, Deduplicate, QualityRule, Severity
from lakehouse.contracts.types import INT
from lakehouse.engine import candidates
from lakehouse.moves import gates, raw_to_integration, stage_to_raw
from lakehouse.moves.job import Job
from lakehouse.names import CANDIDATE, Move, Names, OpsTable, Zone
from lakehouse.quality.results import Result, reasons
from tests.support.contract_builders import column, contract
from tests.support.moves.jobs import arrive, deployment, job_on

NO_NOTE_MISSING = QualityRule(
    name="notes", column="note", metric="nullValues", query=None, operator="mustBe", thresholds=(Decimal(0),)
)
FEW = QualityRule(
    name="few",
    column=None,
    metric=None,
    query="SELECT count(*) FROM {table}",
    operator="mustBeLessThan",
    thresholds=(Decimal(3),),
)
SHOP = replace(
    contract(column("id", INT, required=True), column("note")),
    deduplicate=Deduplicate.NONE,
    quality=(NO_NOTE_MISSING, FEW),
)


@pytest.fixture(scope="module")
def names(aws: Server) -> Names:
    return deployment(aws, project="gates")


def load(job: Job, *bodies: str) -> list[str]:
    """Load batches in one run."""
    batch_ids = [arrive(job, body) for body in bodies]
    stage_to_raw.run(replace(job, batch_ids=tuple(batch_ids)))
    return batch_ids


def merge(job: Job, *batch_ids: str) -> None:
    raw_to_integration.run(replace(job, move=Move.RAW_TO_INTEGRATION, batch_ids=batch_ids, run_id="jr_2"))


def results(job: Job) -> list[dict[str, Any]]:
    table = job.catalog.load_table((job.names.ops_database, OpsTable.QUALITY_RESULTS))
    found = table.scan(row_filter=f"dataset = '{job.contract.dataset}'").to_arrow().to_pylist()
    return sorted(found, key=lambda row: (row["evaluated_at"], row["rule"]))


def history(job: Job) -> list[Attempt]:
    return attempts.read(job.catalog, names=job.names, dataset=job.contract.dataset)


def due(job: Job, *batch_ids: str) -> list[str]:
    return attempts.pending(batch_ids, history(job))[Move.RAW_TO_INTEGRATION]


def table_of(job: Job) -> Table:
    return job.catalog.load_table((job.names.database(Zone.INTEGRATION), job.contract.dataset))


def rows(job: Job) -> list[int]:
    return sorted(table_of(job).scan().to_arrow()["id"].to_pylist())


def test_every_rule_leaves_a_row_for_each_move(names: Names) -> None:
    job = job_on(replace(SHOP, dataset="every_rule"), names=names)
    [batch_id] = load(job, "id,note\n1,a\n2,b\n")
    assert due(job, batch_id) == [batch_id]
    merge(job, batch_id)
    found = [(row["zone"], row["rule"], row["result"], row["measured"]) for row in results(job)]
    assert found == [
        ("raw", "_accepted", "PASS", 2),
        ("raw", "_volume", "NOT_EVALUATED", None),
        ("raw", "notes", "PASS", 0),
        ("integration", "few", "PASS", 2),
        ("integration", "notes", "PASS", 0),
    ]
    assert {row["batch_id"] for row in results(job)} == {batch_id}
    assert [attempt.gate for attempt in history(job)] == ["PASS", "PASS"]
    assert attempts.blocked(history(job)) == []


def test_a_batch_that_fails_stays_in_raw_and_the_next_goes_on(names: Names) -> None:
    job = job_on(replace(SHOP, dataset="fails"), names=names)
    failed, passed = load(job, "id,note\n1,\n", "id,note\n2,b\n")
    assert due(job, failed, passed) == [passed]
    assert [attempt.batch_id for attempt in attempts.blocked(history(job))] == [failed]
    assert reasons(job.catalog, names=names, dataset="fails", run_ids=["jr_1"]) == {
        ("jr_1", failed): ["notes FAIL: 1, mustBe 0"]
    }
    # The contract is fixed, and the batch runs again.
    without_rules = replace(job, contract=replace(job.contract, quality=()))
    stage_to_raw.run(replace(without_rules, batch_ids=(failed,)))
    assert due(job, failed, passed) == [failed, passed]


def test_a_batch_of_which_nothing_is_accepted_fails(names: Names) -> None:
    job = job_on(replace(SHOP, dataset="nothing_accepted"), names=names)
    [batch_id] = load(job, "id,note\nx,a\n")
    assert due(job, batch_id) == []
    verdicts = {row["rule"]: (row["result"], row["reason"]) for row in results(job)}
    assert verdicts["_accepted"] == ("FAIL", "0, mustBeGreaterThan 0")
    assert verdicts["notes"] == ("NOT_EVALUATED", "there is no row to measure")


@pytest.mark.slow
def test_a_dataset_that_fails_after_a_merge_is_blocked_until_a_merge_passes(names: Names) -> None:
    job = job_on(replace(SHOP, dataset="too_many"), names=names)
    batch_ids = load(job, *(f"id,note\n{n},a\n{n + 10},a\n" for n in range(2)))
    merge(job, *batch_ids)
    (blocked,) = attempts.blocked(history(job))
    assert (blocked.move, blocked.gate) == (Move.RAW_TO_INTEGRATION, "FAIL")
    relaxed = replace(FEW, thresholds=(Decimal(9),))
    merge(replace(job, contract=replace(job.contract, quality=(relaxed,))), batch_ids[0])
    assert attempts.blocked(history(job)) == []


def test_a_state_that_fails_is_not_published(names: Names) -> None:
    job = job_on(replace(SHOP, dataset="unpublished"), names=names)
    first, *batch_ids = load(job, "id,note\n0,a\n", *(f"id,note\n{n},a\n{n + 10},a\n" for n in range(2)))
    merge(job, first)
    before = table_of(job)
    merge(job, *batch_ids)
    blocked = attempts.blocked(history(job))
    assert [(found.move, found.gate, found.batch_id) for found in blocked] == [
        (Move.RAW_TO_INTEGRATION, "FAIL", batch_ids[-1])
    ]
    assert [found.changed for found in history(job)[-2:]] == [0, 0]
    assert table_of(job).metadata_location == before.metadata_location
    assert due(job, first, *batch_ids) == []
    assert not [name for name in job.catalog.list_tables(before.name()[-2]) if CANDIDATE in name[-1]]


def test_the_next_batch_is_moved_with_those_that_are_blocked(names: Names) -> None:
    job = job_on(replace(SHOP, dataset="continues"), names=names)
    batch_ids = load(job, *(f"id,note\n{n},a\n{n + 10},a\n" for n in range(3)))
    merge(job, *batch_ids[:2])
    assert rows(job) == []
    relaxed = replace(job, contract=replace(job.contract, quality=(replace(FEW, thresholds=(Decimal(9),)),)))
    merge(relaxed, batch_ids[2])
    assert attempts.blocked(history(job)) == []
    assert rows(job) == [0, 1, 2, 10, 11, 12]
    assert {found.batch_id: found.changed for found in history(job)[-3:]} == dict.fromkeys(batch_ids, 2)


@pytest.mark.slow
def test_a_batch_that_raw_blocks_later_is_not_moved_with_the_next(names: Names) -> None:
    job = job_on(replace(SHOP, dataset="blocked_twice"), names=names)
    batch_ids = load(job, *(f"id,note\n{n},a\n{n + 10},a\n" for n in range(2)))
    merge(job, *batch_ids)
    impossible = replace(job, contract=replace(job.contract, quality=(replace(NO_NOTE_MISSING, operator="mustNotBe"),)))
    stage_to_raw.run(replace(impossible, batch_ids=batch_ids[:1]))
    relaxed = replace(job, contract=replace(job.contract, quality=()))
    merge(relaxed, batch_ids[1])
    assert rows(job) == [1, 11]


def test_a_candidate_of_a_killed_job_is_found_after_its_time(names: Names) -> None:
    job = job_on(replace(SHOP, dataset="killed"), names=names)
    published = table_of(job)
    database, glue = published.name()[-2], boto3.client("glue")
    left = job.catalog.register_table((database, f"killed{CANDIDATE}1a2b3c4d"), published.metadata_location)
    now = datetime.now(UTC)
    assert left.name()[-1] not in candidates.abandoned(glue, database, now=now)
    assert candidates.abandoned(glue, database, now=now + candidates.ABANDONED) == [left.name()[-1]]


def test_a_commit_between_candidate_and_publication_is_not_lost(names: Names, monkeypatch: pytest.MonkeyPatch) -> None:
    job = job_on(replace(SHOP, dataset="overtaken", quality=()), names=names)
    batch_ids = load(job, *(f"id,note\n{n},a\n" for n in range(2)))
    evaluate = gates.evaluate_dataset
    overtaking = [batch_ids[1]]

    def while_another_run_commits(own: Job, table: Table) -> list[Result]:
        if overtaking:
            merge(job, overtaking.pop())
        return evaluate(own, table)

    monkeypatch.setattr(gates, "evaluate_dataset", while_another_run_commits)
    merge(job, batch_ids[0])
    assert rows(job) == [0, 1]


def test_a_warning_blocks_nothing(names: Names) -> None:
    warning = replace(NO_NOTE_MISSING, severity=Severity.WARNING)
    shop: Contract = replace(SHOP, dataset="warns", quality=(warning,))
    job = job_on(shop, names=names)
    [batch_id] = load(job, "id,note\n1,\n")
    assert due(job, batch_id) == [batch_id]
    assert {row["rule"]: row["result"] for row in results(job)}["notes"] == "FAIL"


@pytest.mark.slow
def test_an_unusual_volume_is_recorded(names: Names) -> None:
    job = job_on(replace(SHOP, dataset="volume", quality=()), names=names)
    for n in range(6):
        load(job, f"id,note\n{n},a\n")
    load(job, "id,note\n" + "".join(f"{n},a\n" for n in range(11)))
    volumes = [(row["result"], row["reason"]) for row in results(job) if row["rule"] == "_volume"]
    assert volumes[4:] == [
        ("NOT_EVALUATED", "4 earlier batches, 5 are needed to compare"),
        ("PASS", None),
        ("FAIL", "11, mustBeBetween 0.1 and 10"),
    ]
