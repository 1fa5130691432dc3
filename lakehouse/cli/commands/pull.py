"""`lakehouse pull`: retrieve new data of an API to stage."""

from typing import Annotated

import boto3
import typer

from lakehouse.batches import pulls
from lakehouse.cli.options import DEFAULT_CONTRACTS, DEFAULT_ENVIRONMENT, Contracts, Environment, console, contracts_of
from lakehouse.cli.printable import in_markup
from lakehouse.errors import LakehouseError
from lakehouse.names import Fetch
from lakehouse.operations.run import run_pull
from lakehouse.settings import names_of


def pull(
    dataset: Annotated[str, typer.Argument(help="Dataset whose source is an API.")],
    contracts: Contracts = DEFAULT_CONTRACTS,
    env: Environment = DEFAULT_ENVIRONMENT,
) -> None:
    """Retrieve new data of a dataset's API to stage with a Glue job, and wait until the job ends.

    The pages of one pull become one batch when all of them are in stage. A failed pull adds no batch; the next pull
    starts at the cursor of the last batch.

    Needs a deployment with the pull job. Exit code 2: the dataset has no API, or the pull failed; run it again.
    """
    (contract,) = contracts_of(contracts, [dataset])
    if contract.source.api is None:
        raise LakehouseError(
            f"{dataset}: its source {contract.source.name} is of type {contract.source.type}; expected type api. "
            f"`lakehouse ingest {dataset} FILE` uploads files"
        )
    names, s3 = names_of(env), boto3.client("s3")
    before = pulls.last(s3, names=names, dataset=dataset)
    with console.status(f"pulling from {contract.source.name}"):
        ended = run_pull(boto3.client("glue"), contract, names=names)
    if not ended.succeeded:
        raise LakehouseError(
            f"{dataset}: the pull from {contract.source.name} ended with {ended.state}: "
            f"{ended.error or 'Glue gives no reason'}; log group {names.job_log_group(Fetch.API_TO_STAGE, 'output')}, "
            f"stream {ended.run_id}. Fix the cause, then run `lakehouse pull {dataset}` again"
        )
    after = pulls.last(s3, names=names, dataset=dataset)
    if after == before or after is None:
        console.print(f"{dataset}: no new data")
    else:
        console.print(
            f"{after.batch_id}: {len(after.objects)} pages, cursor {in_markup(str(after.cursor))}; "
            f"next: `lakehouse run {dataset}`"
        )
