"""`lakehouse local`: AWS and the source database on this machine."""

import os
import shlex
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from emulator.runtime import server_lifecycle
from lakehouse.errors import LakehouseError
from local.airflow import lifecycle as airflow_
from local.sources import postgres, rates_api

Root = Annotated[
    Path,
    typer.Option(
        "--root",
        envvar="LAKEHOUSE_LOCAL_ROOT",
        metavar="DIR",
        help="Folder of its state, data and logs; one cloud each.",
    ),
]

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="""AWS and a source database on this machine: no account, no docker, no token.

    `up` starts an embedded AWS on a free port of 127.0.0.1, and PostgreSQL. `eval "$(lakehouse local env)"` points this
    shell at it; then `cdk bootstrap`, `cdk deploy --all` and every `lakehouse` verb work as they do in an account.""",
)
console = Console(highlight=False, soft_wrap=True)


@app.command()
def up(
    root: Root = server_lifecycle.DEFAULT_ROOT,
    account: Annotated[
        str | None, typer.Option(help=f"AWS account id that it stands for; {server_lifecycle.ACCOUNT} for a new root.")
    ] = None,
    region: Annotated[
        str | None, typer.Option(help=f"AWS region that it stands for; {server_lifecycle.REGION} for a new root.")
    ] = None,
) -> None:
    """Start the embedded AWS and its sources, PostgreSQL and an API, or find those that run."""
    if server_lifecycle.crashed(root):
        console.print(f"[yellow]The last server ended by itself; its log was {server_lifecycle.log_file(root)}[/]")
    server = server_lifecycle.up(root, account=account, region=region)
    database = postgres.start(root)
    console.print(f"[green]AWS[/]         {server.endpoint}  account {server.account}, {server.region}")
    console.print(f"[green]PostgreSQL[/]  127.0.0.1:{database.port}")
    console.print(f"[green]bank's API[/]  {rates_api.start(root).url}")
    console.print(f"[dim]log          {server.log}[/]")
    console.print(f'\nPoint this shell at it:  [bold]eval "$(lakehouse local env{_option(root)})"[/]')


@app.command()
def airflow(
    root: Root = server_lifecycle.DEFAULT_ROOT,
    contracts: Annotated[
        str,
        typer.Option("--contracts", envvar="LAKEHOUSE_CONTRACTS", metavar="DIR", help="Folder of the DAGs' contracts."),
    ] = "contracts",
) -> None:
    """Start Airflow with a DAG for each domain, and the embedded AWS and PostgreSQL if they do not run.

    DAGs are paused at first: switch one on in the page, or trigger a run of it. `down` stops Airflow too.
    """
    console.print("[dim]starting; the first time takes a minute[/]")
    running = airflow_.up(server_lifecycle.up(root), postgres.start(root), contracts=contracts)
    console.print(f"[green]Airflow[/]     {running.url}")
    console.print(f"[dim]logs         {running.home / 'logs'}[/]")


@app.command()
def down(root: Root = server_lifecycle.DEFAULT_ROOT) -> None:
    """Stop all of it, and Airflow; what it holds stays for the next `up`."""
    airflow_.down(root)
    stopped = server_lifecycle.down(root)
    if root.exists():
        postgres.stop(root)
        rates_api.stop(root)
    console.print(f"Stopped; the data stays in {root}" if stopped else "No embedded AWS was running")


@app.command()
def status(root: Root = server_lifecycle.DEFAULT_ROOT) -> None:
    """Say whether it runs, and where; exit code 1 if it does not."""
    server = server_lifecycle.status(root)
    if server is None:
        log = server_lifecycle.log_file(root)
        if server_lifecycle.crashed(root):
            console.print(f"[red]crashed[/]  its log is {log}, which ends:")
            console.print(server_lifecycle.last_lines(log), markup=False)
        else:
            console.print(f"[yellow]down[/]  start it with: lakehouse local up{_option(root)}")
        raise typer.Exit(1)
    console.print(f"[green]up[/]  {server.endpoint}  account {server.account}, {server.region}, process {server.pid}")
    console.print(f"[dim]log {server.log}[/]")


@app.command()
def env(root: Root = server_lifecycle.DEFAULT_ROOT) -> None:
    """Print the variables that point a shell at it, for `eval`."""
    server = server_lifecycle.status(root)
    if server is None:
        raise LakehouseError(f"no embedded AWS runs in {root}: start it with `lakehouse local up{_option(root)}`")
    given = server_lifecycle.environment(server)
    others = [name for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_CA_BUNDLE") if name in os.environ]
    if others:
        typer.echo(f"unset {' '.join(others)}")
    for name, value in given.items():
        typer.echo(f"export {name}={shlex.quote(value)}")


def _option(root: Path) -> str:
    return "" if root == server_lifecycle.DEFAULT_ROOT else f" --root {shlex.quote(str(root))}"
