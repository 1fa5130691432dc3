"""`lakehouse quarantine`: show rejected records with their reasons."""

from typing import Annotated

import typer

from lakehouse.batches.quarantine import Rejected, rejected
from lakehouse.cli.options import DEFAULT_CONTRACTS, DEFAULT_ENVIRONMENT, Contracts, Environment, console, contracts_of
from lakehouse.cli.printable import printable
from lakehouse.engine import catalog
from lakehouse.settings import names_of

RECORD_CHARACTERS = 200


def quarantine(
    dataset: Annotated[str, typer.Argument(help="Dataset whose rejected records are shown.")],
    limit: Annotated[int, typer.Option(min=1, help="Maximum number of records to show.")] = 20,
    contracts: Contracts = DEFAULT_CONTRACTS,
    env: Environment = DEFAULT_ENVIRONMENT,
) -> None:
    """Show rejected records with file, line, the reason for each column, and the original text.

    If the source data is wrong, contact its owner. If the contract is wrong, fix it, publish it with `lakehouse tables
    apply`, and read the records again with `lakehouse replay DATASET`.

    Needs read access to raw. Exit code 0 also if there are rejected records.
    """
    (contract,) = contracts_of(contracts, [dataset])
    shown = 0
    for record in rejected(catalog.load(), contract, names=names_of(env), limit=limit):
        show(record)
        shown += 1
    if not shown:
        console.print(f"{dataset}: no rejected records")
    elif shown == limit:
        console.print(f"the first {limit} records; --limit shows more", style="dim")


def show(record: Rejected) -> None:
    """Print one rejected record, with all its content as plain text."""
    console.print(f"{printable(record.file)}:{record.row}", style="bold", markup=False)
    for column, reason in record.reasons:
        console.print(f"  {column or 'record'}: {printable(reason)}", style="red", markup=False)
    text = record.record if len(record.record) <= RECORD_CHARACTERS else record.record[:RECORD_CHARACTERS] + "..."
    console.print(f"  {printable(repr(text))}", style="dim", markup=False)
