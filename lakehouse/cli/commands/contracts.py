"""`lakehouse contracts`: check and list the contracts."""

import typer
from rich.table import Table

from lakehouse.cli.options import DEFAULT_CONTRACTS, Contracts, checked_contracts, console
from lakehouse.contracts.check import check
from lakehouse.contracts.loader import contract_paths
from lakehouse.errors import LakehouseError

app = typer.Typer(no_args_is_help=True, help="Check and list the contracts, which define the datasets.")


@app.command("check")
def check_contracts(contracts: Contracts = DEFAULT_CONTRACTS) -> None:
    """Check all contracts and print each violation with file, line, place and remedy.

    Needs no AWS, so it can run as a pre-commit hook. Exit code 0: no violations; 2: there are violations, or the folder
    has no contracts.
    """
    violations = check(contracts)
    for violation in violations:
        console.print(str(violation), markup=False)
    files = contract_paths(contracts)
    if violations:
        invalid_files = {violation.file for violation in violations}
        raise LakehouseError(f"{len(violations)} violations in {len(invalid_files)} of {len(files)} contracts")
    if not files:
        raise LakehouseError(f"{contracts}: no contracts; expected files named DOMAIN/DATASET.odcs.yaml")
    console.print(f"{len(files)} contracts, no violations")


@app.command("list")
def list_contracts(contracts: Contracts = DEFAULT_CONTRACTS) -> None:
    """List the datasets with source, ingest mode, key, partitions and promised freshness.

    Needs no AWS. Exit code 2: the contracts have violations.
    """
    table = Table("dataset", "source", "ingest", "key", "partitions", "freshness")
    table.columns[0].no_wrap = True  # a shortened name cannot be copied
    for contract in checked_contracts(contracts):
        table.add_row(
            f"{contract.domain}/{contract.dataset}",
            f"{contract.source.name} ({contract.source.type})",
            contract.ingest,
            ", ".join(contract.key),
            ", ".join(map(str, contract.partitions)),
            str(contract.freshness or ""),
        )
    console.print(table)
