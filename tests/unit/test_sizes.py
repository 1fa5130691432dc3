"""What a dataset's size gives a run of its jobs, by whomever it is started."""

from dataclasses import replace

import boto3
import pytest
from botocore.stub import Stubber

from lakehouse.contracts.loader import parse_contract
from lakehouse.names import Move, Names
from lakehouse.operations.run import start
from lakehouse.sizes import CAPACITIES, Size
from tests.support.contract_builders import EXAMPLE
from tests.support.till_contract import TILL

NAMES = Names(environment="dev", account="123456789012", region="eu-central-1")


def test_a_dataset_is_small_unless_its_contract_says_otherwise() -> None:
    assert parse_contract(EXAMPLE, path="example").size is Size.SMALL
    large = EXAMPLE.replace("customProperties:\n", "customProperties:\n  - {property: size, value: large}\n")
    assert parse_contract(large, path="example").size is Size.LARGE


def test_a_larger_size_is_more_of_everything() -> None:
    small, medium, large = (CAPACITIES[size] for size in (Size.SMALL, Size.MEDIUM, Size.LARGE))
    for less, more in ((small, medium), (medium, large)):
        assert less["NumberOfWorkers"] < more["NumberOfWorkers"]
        assert less["Timeout"] < more["Timeout"]


@pytest.mark.parametrize("size", Size)
def test_a_run_gets_what_its_datasets_size_asks_for(size: Size) -> None:
    glue = boto3.client("glue", region_name=NAMES.region)
    with Stubber(glue) as stubber:
        stubber.add_response(
            "start_job_run",
            {"JobRunId": "jr_1"},
            {
                "JobName": "lakehouse-dev-stage-to-raw",
                "Arguments": {"--dataset": "till", "--batch_ids": "till-00000001,till-00000002"},
                **CAPACITIES[size],
            },
        )
        run = start(
            glue,
            Move.STAGE_TO_RAW,
            names=NAMES,
            contract=replace(TILL, size=size),
            batch_ids=["till-00000001", "till-00000002"],
        )
    assert (run.run_id, run.dataset) == ("jr_1", "till")
