"""`lakehouse contracts`: check, draft, list and compare the contracts."""

from collections.abc import Sequence
from itertools import groupby
from operator import attrgetter
from typing import Annotated

import typer
from rich.table import Table

from lakehouse.cli.drafting import draft_contracts
from lakehouse.cli.options import DEFAULT_CONTRACTS, Contracts, checked_contracts, console
from lakehouse.contracts.check import check
from lakehouse.contracts.differences import Difference, Effect, differences, unannounced
from lakehouse.contracts.loader import contract_paths, read_text
from lakehouse.contracts.model import Contract
from lakehouse.contracts.places import line_of
from lakehouse.contracts.revisions import load_contracts_at, text_at
from lakehouse.errors import LakehouseError
from lakehouse.governance.readers import QUERIES, Reader, readers
from lakehouse.operations import dbt

app = typer.Typer(no_args_is_help=True, help="Check, draft, list and compare the contracts, which define the datasets.")

_MARKS = {Effect.BREAKING: "[red]![/red]", Effect.STRICTER: "[yellow]~[/yellow]", Effect.COMPATIBLE: "[green]+[/green]"}


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


app.command("draft")(draft_contracts)


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


@app.command("diff")
def diff_contracts(
    revision: Annotated[str, typer.Argument(metavar="REF", help="Commit, branch or tag to compare with.")],
    contracts: Contracts = DEFAULT_CONTRACTS,
    with_readers: Annotated[
        bool, typer.Option("--readers", help="Also list each place that reads a changed column, with file and line.")
    ] = False,
) -> None:
    """Show how the contracts differ from those of a Git revision, and whom each difference concerns.

    A difference is `breaking` (queries, models or reports may fail or show other values), `stricter` (records that were
    accepted may be rejected) or `compatible`. Models, tests and named queries that read the column are named. They are
    found by their text.

    Needs no AWS. Exit code 0: no difference breaks, or each contract that breaks has a new major version; 2: a breaking
    difference does not raise the contract's major version, the contracts have violations, or there is no such revision.
    """
    new = checked_contracts(contracts)
    old = load_contracts_at(revision, contracts)
    found = differences(old, new)
    for dataset, group in groupby(found, key=attrgetter("dataset")):
        console.print(f"[bold]{dataset}[/bold]")
        for difference in group:
            console.print(f"  {_MARKS[difference.effect]} {difference.effect:10}", end=" ")
            reading = _readers(difference)
            models = sorted({reader.name for reader in reading}) if difference.effect is Effect.BREAKING else []
            read_by = f"; read by {', '.join(models)}" if models else ""
            place = _place(difference, old=old, new=new, revision=revision, directory=contracts)
            console.print(f"{difference.detail}{read_by} ({place})", markup=False)
            for reader in reading if with_readers else ():
                below = f"; below it: {', '.join(reader.below)}" if reader.below else ""
                console.print(f"      {reader.file}:{reader.line}: {reader.name}{below}", markup=False)
    console.print(f"{len(found)} differences" if found else "no difference")
    if names := unannounced(old, new):
        raise LakehouseError(
            "\n".join(
                f"{name}: a breaking difference needs a new major version, or a new dataset next to it"
                for name in names
            )
        )


def _readers(difference: Difference) -> list[Reader]:
    """Return the readers of what differs; nobody reads what is new."""
    if not dbt.PROJECT.is_dir() or difference.detail == "a new dataset":
        return []
    return readers(dbt.PROJECT, QUERIES, dataset=difference.dataset, column=difference.column)


def _place(
    difference: Difference, *, old: Sequence[Contract], new: Sequence[Contract], revision: str, directory: str
) -> str:
    """Return file and line of a difference: in the old file if the new one does not have it any longer."""
    for contracts in (new, old) if not difference.detail.endswith("removed") else (old, new):
        for contract in contracts:
            if contract.dataset == difference.dataset:
                text = text_at(revision, contract, directory) if contracts is old else read_text(contract.path)
                return f"{contract.path}:{line_of(difference, contract, text)}"
    raise AssertionError(f"{difference} is in no contract")
