"""A row whose latest change was rejected is told from one that is current, until a later version is accepted."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import boto3
import pytest

from emulator.runtime.server_lifecycle import Server
from lakehouse.batches import manifests
from lakehouse.contracts.model import Contract, Ingest
from lakehouse.contracts.types import INT
from lakehouse.moves import raw_to_integration, stage_to_raw
from lakehouse.moves.job import Job
from lakehouse.names import Move, Names, Zone
from lakehouse.operations.status import history, stale
from lakehouse.quality import rules
from lakehouse.quality.results import evaluated, record_results, results_of
from tests.support.contract_builders import column, contract
from tests.support.moves.jobs import arrive, deployment, job_on

SHOP: Contract = replace(
    contract(column("id", INT, required=True), column("version", INT, required=True), column("note", required=True)),
    ingest=Ingest.CDC,
    key=("id",),
    ordering=("version",),
)
HEADER = "id,version,note\n"


@pytest.fixture(scope="module")
def names(aws: Server) -> Names:
    return deployment(aws, project="stale")


def current(job: Job, body: str) -> str | None:
    """Move one file; return what `lakehouse status` says of rows that are stale."""
    batch_id = arrive(job, HEADER + body)
    stage_to_raw.run(replace(job, batch_ids=(batch_id,)))
    raw_to_integration.run(replace(job, move=Move.RAW_TO_INTEGRATION, batch_ids=(batch_id,), run_id="jr_2"))
    return status(job)


def status(job: Job) -> str | None:
    dataset = job.contract.dataset
    found = results_of(job.catalog, names=job.names, rules=[rules.CURRENT, rules.EQUALS_SOURCE], dataset=dataset)
    batches = manifests.batch_ids(boto3.client("s3"), names=job.names, dataset=dataset)
    known = history(batches, found.get((dataset, rules.EQUALS_SOURCE), ()))
    return stale(dataset, found[dataset, rules.CURRENT], known)


def test_a_rejected_change_flags_its_row_until_a_later_one_is_accepted(names: Names) -> None:
    job = job_on(SHOP, names=names)
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    assert current(job, "1,1,a\n2,1,b\n3,7,c\n") is None
    text = current(job, "1,2,\n2,2,c\n3,6,\n")
    assert text is not None, "the change of row 1 was rejected; that of row 3 is older than the row"
    assert text.startswith(f"1 rows are older than in the source, since {today} ")
    assert "their latest change was rejected, e.g. id = 1. Run `lakehouse quarantine orders`" in text
    assert "fix it and run `lakehouse tables apply`, then `lakehouse replay orders`" in text
    assert current(job, "1,3,accepted\n") is None
    text = current(job, "2,no number,d\n4,1,\n5,1,e\n")
    assert text is not None, "the order of row 2 is unknown, and row 4 is missing"
    assert text.startswith("2 rows are older")
    text = current(job, ",9,whose\n6,1,f\n")
    assert text is not None
    assert text.startswith("2 rows are older than in the source and 1 rejected records without a readable key, since")


@pytest.mark.slow
def test_a_dataset_that_equals_its_source_has_no_stale_rows(names: Names) -> None:
    other = replace(SHOP, dataset="returns", path="contracts/sales/returns.odcs.yaml")
    job = job_on(other, names=names)
    assert current(job, "1,2,\n2,1,b\n") is not None
    equal = evaluated(rules.equals_source(), Decimal(0))
    record_results(
        job.catalog, {"": [equal]}, names=names, dataset="returns", zone=Zone.INTEGRATION, run_id="r",
        at=datetime.now(UTC),
    )  # fmt: skip
    assert status(job) is None
    assert current(job, "3,1,c\n") is None
    assert current(job, "3,2,\n4,1,d\n") is not None
