"""`lakehouse contracts`: what the datasets are."""

import typer
from rich.table import Table

from lakehouse.cli.options import DEFAULT_CONTRACTS, Contracts, checked, console
from lakehouse.contracts.check import check
from lakehouse.contracts.loader import contract_paths
from lakehouse.errors import LakehouseError

app = typer.Typer(no_args_is_help=True, help="What the datasets are: check and list their contracts.")


@app.command("check")
def check_contracts(contracts: Contracts = DEFAULT_CONTRACTS) -> None:
    """Name every violation of every contract with its file, line, place and remedy.

    Needs no AWS, so it fits a pre-commit hook. Exit code 2 if there are violations.
    """
    violations = check(contracts)
    for violation in violations:
        console.print(str(violation), markup=False)
    files = contract_paths(contracts)
    if violations:
        raise LakehouseError(
            f"{len(violations)} violations in {len({violation.file for violation in violations})} of {len(files)} contracts"
        )
    if not files:
        raise LakehouseError(f"{contracts}: no contracts, named <domain>/<dataset>.odcs.yaml")
    console.print(f"{len(files)} contracts, no violations")


@app.command("list")
def list_contracts(contracts: Contracts = DEFAULT_CONTRACTS) -> None:
    """Show each dataset: where it comes from, how its records add up, and what it promises."""
    table = Table("dataset", "source", "ingest", "key", "partitions", "freshness")
    table.columns[0].no_wrap = True  # a name that is cut short is no name
    for contract in checked(contracts):
        table.add_row(
            f"{contract.domain}/{contract.dataset}",
            f"{contract.source.name} ({contract.source.type})",
            contract.ingest,
            ", ".join(contract.key),
            ", ".join(map(str, contract.partitions)),
            str(contract.freshness or ""),
        )
    console.print(table)
