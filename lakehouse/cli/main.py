"""The command line `lakehouse`: its verbs, its error messages and its exit codes."""

import os
import sys

import typer

from lakehouse.cli.verbs import Verbs
from lakehouse.errors import LakehouseError

app = typer.Typer(
    cls=Verbs,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    help="""A lakehouse on AWS. Contracts define the datasets; tables, jobs, checks and alarms are derived from them.

    A dataset is one file, `contracts/DOMAIN/DATASET.odcs.yaml`. Check it with `contracts check`, create its tables and
    publish it with `tables apply`, deliver files with `ingest`, and move them to integration with `run`.

    --contracts DIR and --env NAME can also be set by LAKEHOUSE_CONTRACTS and LAKEHOUSE_ENV. Verbs that use AWS need
    credentials and a region (AWS_REGION); AWS_ENDPOINT_URL selects another server, for example the emulator.

    Exit codes: 0 means success, 1 means that the work has failed or is incomplete, 2 means that the call was refused or
    AWS returned an error. The message on stderr says what was wrong and what to do.""",
)


@app.callback()
def _set_region() -> None:
    # boto3 reads only AWS_DEFAULT_REGION, Arrow and Sail read AWS_REGION: the user needs to set only one of them.
    import boto3

    region = os.environ.get("AWS_REGION") or boto3.Session().region_name
    if region:
        os.environ.update(AWS_REGION=region, AWS_DEFAULT_REGION=region)


def main() -> None:
    """Run the command line; print an error that the user can fix as one message on stderr, with exit code 2."""
    try:
        app()
    except Exception as error:
        # Imported here because most calls for help end without an error.
        from botocore.exceptions import BotoCoreError, ClientError
        from rich.console import Console

        from lakehouse.cli.printable import printable

        if not isinstance(error, LakehouseError | BotoCoreError | ClientError):
            raise
        Console(stderr=True, soft_wrap=True, highlight=False).print("[red]error[/red] ", end="")
        Console(stderr=True, soft_wrap=True, highlight=False, markup=False).print(printable(str(error), lines=True))
        sys.exit(2)
