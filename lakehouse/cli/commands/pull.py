"""`lakehouse pull`: what is new of an API, to stage."""

from typing import Annotated

import boto3
import typer

from lakehouse.batches import pulls
from lakehouse.cli.datasets import chosen
from lakehouse.cli.options import DEFAULT_CONTRACTS, DEFAULT_ENVIRONMENT, Contracts, Environment, console
from lakehouse.cli.printable import in_markup
from lakehouse.errors import LakehouseError
from lakehouse.names import Fetch
from lakehouse.operations import run
from lakehouse.settings import names_of


def pull(
    dataset: Annotated[str, typer.Argument(help="Dataset whose source is an API.")],
    contracts: Contracts = DEFAULT_CONTRACTS,
    env: Environment = DEFAULT_ENVIRONMENT,
) -> None:
    """Pull what is new of a dataset's API to stage, and wait for it.

    A pull counts when all of its pages are in stage, as one batch; one that fails counts nothing, and the next begins
    where the last that counted ended.
    """
    (contract,) = chosen(contracts, [dataset])
    if contract.source.api is None:
        raise LakehouseError(f"{dataset} comes from a source of type {contract.source.type}: there is nothing to pull")
    names, s3 = names_of(env), boto3.client("s3")
    before = pulls.last(s3, names=names, dataset=dataset)
    with console.status(f"asking {contract.source.name}"):
        ended = run.pull(boto3.client("glue"), contract, names=names)
    if not ended.succeeded:
        raise LakehouseError(
            f"{dataset}: pulling from {contract.source.name} {ended.state}: {ended.error or 'no reason given'}; log "
            f"group {names.job_log_group(Fetch.API_TO_STAGE, 'output')}, stream {ended.run_id}. Pull again"
        )
    after = pulls.last(s3, names=names, dataset=dataset)
    if after == before or after is None:
        console.print(f"{dataset}: nothing new")
    else:
        console.print(
            f"{after.batch_id}: {len(after.objects)} pages up to {in_markup(str(after.cursor))}; "
            f"`lakehouse run {dataset}`"
        )
