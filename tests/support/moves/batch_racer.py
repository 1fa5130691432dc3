"""A separate process that moves one batch after another, and announces each.

python -m tests.support.moves.batch_racer DATASET MERGE_ROWS BATCH_NUMBER...
"""

import logging
import sys
from contextlib import suppress
from dataclasses import replace

import boto3

from lakehouse.engine import catalog
from lakehouse.settings import names_of
from tests.support.moves.lake import ACCOUNTS, PROJECT, Lake, batch


def announce(number: int) -> None:
    """Ask for something that there is not, so that whoever listens knows."""
    glue = boto3.client("glue")
    with suppress(glue.exceptions.EntityNotFoundException):
        glue.get_database(Name=f"batch-{number}")


def main() -> None:
    dataset, merge_rows, *numbers = sys.argv[1:]
    logging.basicConfig(level=logging.WARNING)
    lake = Lake(catalog.load(), replace(names_of("dev"), project=PROJECT))
    contract = replace(ACCOUNTS, dataset=dataset)
    for number in map(int, numbers):
        announce(number)
        lake.move(contract, batch(contract, number), merge_rows=int(merge_rows))


if __name__ == "__main__":
    main()
