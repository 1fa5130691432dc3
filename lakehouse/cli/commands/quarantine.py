"""`lakehouse quarantine`: rejected records with their reasons."""

from typing import Annotated

import typer

from lakehouse.batches.quarantine import Rejected, rejected
from lakehouse.cli.datasets import chosen
from lakehouse.cli.options import DEFAULT_CONTRACTS, DEFAULT_ENVIRONMENT, Contracts, Environment, console
from lakehouse.cli.printable import printable
from lakehouse.engine import catalog
from lakehouse.settings import names_of

RECORD_CHARACTERS = 200


def quarantine(
    dataset: Annotated[str, typer.Argument(help="Dataset whose rejected records are shown.")],
    limit: Annotated[int, typer.Option(min=1, help="Show at most so many.")] = 20,
    contracts: Contracts = DEFAULT_CONTRACTS,
    env: Environment = DEFAULT_ENVIRONMENT,
) -> None:
    """Show rejected records: file, line, every reason with its column, and the original text.

    `lakehouse replay` tries them again after the contract has changed.
    """
    (contract,) = chosen(contracts, [dataset])
    shown = 0
    for record in rejected(catalog.load(), contract, names=names_of(env), limit=limit):
        show(record)
        shown += 1
    if not shown:
        console.print(f"{dataset}: no record is rejected")
    elif shown == limit:
        console.print(f"the first {limit}; --limit shows more", style="dim")


def show(record: Rejected) -> None:
    """Print one rejected record; whatever it holds, it is printed as text."""
    console.print(f"{printable(record.file)}:{record.row}", style="bold", markup=False)
    for column, reason in record.reasons:
        console.print(f"  {column or 'record'}: {printable(reason)}", style="red", markup=False)
    text = record.record if len(record.record) <= RECORD_CHARACTERS else record.record[:RECORD_CHARACTERS] + "..."
    console.print(f"  {printable(repr(text))}", style="dim", markup=False)
