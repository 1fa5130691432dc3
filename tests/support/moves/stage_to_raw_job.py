"""The move from stage to raw of one batch, in a process that a test can kill.

python -m tests.support.moves.stage_to_raw_job ACCOUNT REGION BATCH_ID
"""

import sys

import boto3

from lakehouse.batches import manifests
from lakehouse.contracts.model import Options
from lakehouse.contracts.types import DATE, INT, TIMESTAMP, decimal, list_of, struct_of
from lakehouse.engine import catalog
from lakehouse.engine.session import spark
from lakehouse.moves.stage_to_raw import stage_to_raw
from lakehouse.names import Names
from tests.support.contract_builders import column, contract

PROJECT = "move"

SHOP = contract(
    column("id", INT, required=True),
    column("price", decimal(8, 2)),
    column("at", TIMESTAMP),
    column("day", DATE, options=Options(time_format="dd.MM.yyyy")),
    column("tags", list_of(INT)),
    column("address", struct_of({"zip": INT})),
    column("note"),
)


def main() -> None:
    account, region, batch_id = sys.argv[1:]
    names = Names(environment="dev", account=account, region=region, project=PROJECT)
    batch = manifests.load(boto3.client("s3"), names=names, dataset=SHOP.dataset, batch_id=batch_id)
    stage_to_raw(spark(), SHOP, batch, names=names, catalog=catalog.load())


if __name__ == "__main__":
    main()
