"""`lakehouse ingest`: upload files to stage."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import boto3
import typer

from lakehouse.batches.ingest import upload
from lakehouse.cli.options import DEFAULT_CONTRACTS, DEFAULT_ENVIRONMENT, Contracts, Environment, console, contracts_of
from lakehouse.settings import names_of


def ingest(
    dataset: Annotated[str, typer.Argument(help="Dataset that the files belong to.")],
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Files in the format of its contract.")],
    contracts: Contracts = DEFAULT_CONTRACTS,
    env: Environment = DEFAULT_ENVIRONMENT,
) -> None:
    """Upload files to the stage prefix of a dataset, as one delivery of its source.

    The files wait in stage until `lakehouse run DATASET`. The same file may be uploaded again: `deduplicate` and the
    key in the contract decide which records are kept.

    Needs write access to the stage bucket. Exit code 2: a file cannot be read, or it is refused.
    """
    (contract,) = contracts_of(contracts, [dataset])
    with console.status(f"uploading {len(files)} files"):
        uris = upload(boto3.client("s3"), files, names=names_of(env), contract=contract, arrived_at=datetime.now(UTC))
    console.print(f"{len(uris)} files uploaded to {uris[0].rpartition('/')[0]}/; next: `lakehouse run {dataset}`")
