"""The command line `lakehouse`: its verbs, its error messages and its exit codes."""

import os
import sys
from collections.abc import Callable
from importlib.metadata import entry_points

import boto3
import typer
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from lakehouse.cli.commands import (
    access,
    backfill,
    build,
    contracts,
    cost,
    erase,
    ingest,
    lineage,
    maintain,
    pull,
    quarantine,
    query,
    reconcile,
    run,
    smoke,
    status,
    tables,
)
from lakehouse.cli.printable import printable
from lakehouse.errors import LakehouseError

PLUGINS = "lakehouse.commands"
"""Entry-point group through which other folders of the repository add verbs."""

app = typer.Typer(
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
app.add_typer(contracts.app, name="contracts")
app.add_typer(tables.app, name="tables")
VERBS: tuple[Callable[..., None], ...] = (
    ingest.ingest,
    pull.pull,
    run.run,
    status.status,
    quarantine.quarantine,
    reconcile.reconcile,
    run.replay,
    run.rerun,
    backfill.backfill,
    build.build,
    maintain.maintain,
    erase.erase,
    query.query,
    lineage.lineage,
    access.access,
    cost.cost,
    smoke.smoke,
)
for verb in VERBS:
    app.command()(verb)


def main() -> None:
    """Run the command line; print an error that the user can fix as one message on stderr, with exit code 2."""
    try:
        # boto3 reads only AWS_DEFAULT_REGION, Arrow and Sail read AWS_REGION: the user needs to set only one of them.
        region = os.environ.get("AWS_REGION") or boto3.Session().region_name
        if region:
            os.environ.update(AWS_REGION=region, AWS_DEFAULT_REGION=region)
        _add_plugins(sys.argv[1] if len(sys.argv) > 1 else "--help")
        app()
    except (LakehouseError, BotoCoreError, ClientError) as error:
        Console(stderr=True, soft_wrap=True, highlight=False).print("[red]error[/red] ", end="")
        Console(stderr=True, soft_wrap=True, highlight=False, markup=False).print(printable(str(error), lines=True))
        sys.exit(2)


def _add_plugins(verb: str) -> None:
    """Add the verbs of other folders; load one only if it is called or help is printed, because imports are slow."""
    for plugin in entry_points(group=PLUGINS):
        if verb in (plugin.name, "--help"):
            try:
                app.add_typer(plugin.load(), name=plugin.name)
            except ModuleNotFoundError as error:
                # The wheel lists the verbs of the repository's other folders but does not contain these folders.
                if verb == plugin.name:
                    raise LakehouseError(
                        f"`lakehouse {plugin.name}` needs {error.name}: run it in a checkout of the repository, with "
                        f"`pip install -e '.[{plugin.name}]'`"
                    ) from error
