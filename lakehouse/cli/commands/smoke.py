"""`lakehouse smoke`: check that a deployment works."""

import typer

from lakehouse.cli.options import (
    DEFAULT_CONTRACTS,
    DEFAULT_ENVIRONMENT,
    Contracts,
    Environment,
    checked_contracts,
    console,
)
from lakehouse.operations.smoke import checks
from lakehouse.settings import names_of


def smoke(contracts: Contracts = DEFAULT_CONTRACTS, env: Environment = DEFAULT_ENVIRONMENT) -> None:
    """Check that a deployment has its jobs, that the contracts are active, and that Athena answers.

    Changes nothing. Needs read access to the deployment. Exit code 0: all checks passed; 1: a check failed, its line
    says what to do.
    """
    failed = False
    for check in checks(checked_contracts(contracts), names=names_of(env)):
        console.print(f"[green]✓[/] {check.subject}" if check.ok else f"[red]✗[/] {check.subject}:")
        if check.problem:
            console.print(f"  {check.problem}", markup=False)
        failed |= not check.ok
    raise typer.Exit(code=1 if failed else 0)
