"""`lakehouse local`: the emulator and the sources on this machine."""

import os
import shlex
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from typer.core import TyperGroup

from emulator.errors import EmulatorError
from emulator.runtime import server_lifecycle
from emulator.runtime.environment import shell_commands
from lakehouse.errors import LakehouseError
from local import emulator_server, trino
from local.airflow import lifecycle
from local.profiles import VARIABLES, role_environment
from local.sources import postgres, rates_api

Root = Annotated[
    Path,
    typer.Option(
        "--root",
        envvar="LAKEHOUSE_LOCAL_ROOT",
        metavar="DIR",
        help="Folder of state, data and logs; one emulator each.",
    ),
]


class EmulatorCommands(TyperGroup):
    """Commands whose emulator errors are errors of the `lakehouse` command line: one message and exit code 2."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command of a command line."""
        try:
            return super().invoke(ctx)
        except EmulatorError as error:
            raise LakehouseError(str(error)) from error


app = typer.Typer(
    cls=EmulatorCommands,
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="""The emulator of AWS and the sources on this machine: no account, no docker, no token.

    `up` starts the emulator on a free port of 127.0.0.1, PostgreSQL and a bank's API. `eval "$(lakehouse local env)"`
    points this shell at the emulator; then `cdk bootstrap`, `cdk deploy --all` and every `lakehouse` verb work as in an
    AWS account.""",
)
console = Console(highlight=False, soft_wrap=True)


@app.command()
def up(
    root: Root = server_lifecycle.DEFAULT_ROOT,
    account: Annotated[
        str | None, typer.Option(help=f"AWS account id to emulate; {server_lifecycle.ACCOUNT} for a new root.")
    ] = None,
    region: Annotated[
        str | None, typer.Option(help=f"AWS region to emulate; {server_lifecycle.REGION} for a new root.")
    ] = None,
    athena: Annotated[
        trino.Engine | None,
        typer.Option(help="Engine of Athena's queries: the emulator's own on DuckDB, or a real Trino; none: the last."),
    ] = None,
) -> None:
    """Start the emulator, PostgreSQL and the bank's API, or find those that run."""
    if server_lifecycle.crashed(root):
        console.print(f"[yellow]The last emulator ended unexpectedly; its log was {server_lifecycle.log_file(root)}[/]")
    server = emulator_server.start(root, account=account, region=region)
    database = postgres.start(root)
    console.print(f"[green]AWS[/]         {server.endpoint}  account {server.account}, {server.region}")
    console.print(f"[green]PostgreSQL[/]  127.0.0.1:{database.port}")
    console.print(f"[green]bank's API[/]  {rates_api.start(root).url}")
    console.print(f"[dim]log          {server.log}[/]")
    if (running := trino.choose(server, athena)) is not None:
        console.print(f"[green]Trino[/]       {running.url}  process {running.pid}, answers Athena's queries")
    if server.authorization != "on":
        console.print(
            f"[bold red]NO REQUEST IS DENIED[/]: LAKEHOUSE_LOCAL_AUTHORIZATION is {server.authorization}; "
            "a role may do here what AWS denies it"
        )
    console.print(f'\nPoint this shell at the emulator:  [bold]eval "$(lakehouse local env{_option(root)})"[/]')


@app.command()
def airflow(
    root: Root = server_lifecycle.DEFAULT_ROOT,
    contracts: Annotated[
        str,
        typer.Option("--contracts", envvar="LAKEHOUSE_CONTRACTS", metavar="DIR", help="Folder of the DAGs' contracts."),
    ] = "contracts",
) -> None:
    """Start Airflow with a DAG for each domain, and the emulator and PostgreSQL if they do not run.

    DAGs are paused at first: enable one in the web page, or trigger a run. `down` also stops Airflow.
    """
    console.print("[dim]starting; the first time takes a minute[/]")
    running = lifecycle.up(emulator_server.start(root), postgres.start(root), contracts=contracts)
    console.print(f"[green]Airflow[/]     {running.url}")
    console.print(f"[dim]logs         {running.home / 'logs'}[/]")


@app.command()
def down(root: Root = server_lifecycle.DEFAULT_ROOT) -> None:
    """Stop the emulator, the sources and Airflow; the data stays for the next `up`."""
    lifecycle.down(root)
    trino.stop(root)
    stopped = server_lifecycle.down(root)
    if root.exists():
        postgres.stop(root)
        rates_api.stop(root)
    console.print(f"Stopped; the data stays in {root}" if stopped else "No emulator was running")


@app.command()
def status(root: Root = server_lifecycle.DEFAULT_ROOT) -> None:
    """Print whether the emulator runs, and its address; exit code 1 if it does not run."""
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
def env(
    root: Root = server_lifecycle.DEFAULT_ROOT,
    role: Annotated[
        str | None,
        typer.Option(help="Role to act as: its ARN, its name or its purpose, such as `operator`; none: administrator."),
    ] = None,
) -> None:
    """Print the variables that point a shell at the emulator, for `eval`: as its administrator, or as a role."""
    server = server_lifecycle.status(root)
    if server is None:
        raise LakehouseError(f"no emulator runs in {root}: start it with `lakehouse local up{_option(root)}`")
    variables = role_environment(server, role) if role else server_lifecycle.environment(server)
    left = [name for name in VARIABLES if name in os.environ and name not in variables]  # of another role
    typer.echo("\n".join([*(f"unset {name}" for name in left), *shell_commands(variables)]))


def _option(root: Path) -> str:
    return "" if root == server_lifecycle.DEFAULT_ROOT else f" --root {shlex.quote(str(root))}"
