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
    """Name every fault of every contract with its file, line, place and remedy.

    Needs no AWS, so it fits a pre-commit hook. Exit code 2 if there are faults.
    """
    faults = check(contracts)
    for fault in faults:
        console.print(str(fault), markup=False)
    files = contract_paths(contracts)
    if faults:
        raise LakehouseError(
            f"{len(faults)} faults in {len({fault.file for fault in faults})} of {len(files)} contracts"
        )
    if not files:
        raise LakehouseError(f"{contracts}: no contracts, named <domain>/<dataset>.odcs.yaml")
    console.print(f"{len(files)} contracts, no faults")


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
