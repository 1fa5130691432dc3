"""`lakehouse`: the command line of the whole lakehouse."""

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
    run,
    smoke,
    status,
    tables,
)
from lakehouse.cli.printable import printable
from lakehouse.errors import LakehouseError

PLUGINS = "lakehouse.commands"

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    help="""A lakehouse on AWS: contracts say what the data is, everything else follows.

    A dataset is one file, `contracts/DOMAIN/DATASET.odcs.yaml`. `contracts check` reads it, `tables apply`
    makes its tables and puts it in force, then its data flows.

    Every verb takes --contracts DIR and --env NAME, or LAKEHOUSE_CONTRACTS and LAKEHOUSE_ENV. AWS is the one that your
    credentials lead to, or the server at AWS_ENDPOINT_URL. Exit code 2 means that something was refused; the line on
    stderr says what and why.""",
)
app.add_typer(contracts.app, name="contracts")
app.add_typer(tables.app, name="tables")
VERBS: tuple[Callable[..., None], ...] = (
    ingest.ingest,
    pull.pull,
    run.run,
    status.status,
    quarantine.quarantine,
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
    """Run the command line; an error that the user can act on is one message on stderr and exit code 2."""
    try:
        # One of the two is enough: boto3 reads the second alone, Arrow and Sail the first.
        region = os.environ.get("AWS_REGION") or boto3.Session().region_name
        if region:
            os.environ.update(AWS_REGION=region, AWS_DEFAULT_REGION=region)
        _add_plugins(asked=sys.argv[1] if len(sys.argv) > 1 else "--help")
        app()
    except (LakehouseError, BotoCoreError, ClientError) as error:
        Console(stderr=True, soft_wrap=True, highlight=False).print("[red]error[/red] ", end="")
        Console(stderr=True, soft_wrap=True, highlight=False, markup=False).print(printable(str(error), lines=True))
        sys.exit(2)


def _add_plugins(*, asked: str) -> None:
    """Add verbs of other packages, but load one only if it is asked for: they import much."""
    for plugin in entry_points(group=PLUGINS):
        if asked in (plugin.name, "--help"):
            try:
                app.add_typer(plugin.load(), name=plugin.name)
            except ModuleNotFoundError as error:
                # The wheel on its own knows of the verbs of this repository's other folders and has none of them.
                if asked == plugin.name:
                    raise LakehouseError(
                        f"`lakehouse {plugin.name}` needs {error.name}: run it in a checkout of the repository, with "
                        f"`pip install -e '.[{plugin.name}]'`"
                    ) from error
