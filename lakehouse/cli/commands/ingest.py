"""`lakehouse ingest`: files into stage."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import boto3
import typer

from lakehouse.batches.ingest import ingest as put
from lakehouse.cli.datasets import chosen
from lakehouse.cli.options import DEFAULT_CONTRACTS, DEFAULT_ENVIRONMENT, Contracts, Environment, console
from lakehouse.settings import names_of


def ingest(
    dataset: Annotated[str, typer.Argument(help="Dataset that the files belong to.")],
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Files in the form that its contract names.")],
    contracts: Contracts = DEFAULT_CONTRACTS,
    env: Environment = DEFAULT_ENVIRONMENT,
) -> None:
    """Put files where their source would put them, as one delivery.

    They wait in stage until `lakehouse run`. The same file may be sent again: the contract says what makes two
    records one.
    """
    (contract,) = chosen(contracts, [dataset])
    with console.status(f"uploading {len(files)} files"):
        uris = put(boto3.client("s3"), files, names=names_of(env), contract=contract, arrived_at=datetime.now(UTC))
    console.print(f"{len(uris)} files wait in {uris[0].rpartition('/')[0]}/; `lakehouse run {dataset}` moves them on")
