"""`lakehouse smoke`: does what was deployed answer?"""

import typer

from lakehouse.cli.options import DEFAULT_CONTRACTS, DEFAULT_ENVIRONMENT, Contracts, Environment, checked, console
from lakehouse.operations.smoke import checks
from lakehouse.settings import names_of


def smoke(contracts: Contracts = DEFAULT_CONTRACTS, env: Environment = DEFAULT_ENVIRONMENT) -> None:
    """Ask a deployment whether its jobs are there, its contracts in force and its queries answered.

    Changes nothing. Exit code 1 means that something is not as it should be.
    """
    violations = 0
    for check in checks(checked(contracts), names=names_of(env)):
        console.print(f"[red]✗[/] {check.what}:" if check.violation else f"[green]✓[/] {check.what}")
        if check.violation:
            console.print(f"  {check.violation}", markup=False)
            violations += 1
    raise typer.Exit(code=1 if violations else 0)
