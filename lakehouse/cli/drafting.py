"""`lakehouse contracts draft`: draft contracts from what a source has."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated

import typer

from lakehouse.cli.options import console
from lakehouse.cli.printable import printable
from lakehouse.contracts.loader import contract_paths, load_contract, load_contracts
from lakehouse.drafting.differences import database_differences, file_differences
from lakehouse.drafting.document import Draft
from lakehouse.drafting.files import Checked, draft_files, readings
from lakehouse.drafting.observed import Place
from lakehouse.drafting.postgres import draft_tables
from lakehouse.drafting.postgres_catalog import connected, tables
from lakehouse.errors import LakehouseError

_SHOWN = 20


def draft_contracts(
    domain: Annotated[str, typer.Option(metavar="NAME", help="Domain of the dataset: the folder of its contract.")],
    files: Annotated[list[Path] | None, typer.Argument(metavar="[FILE]...", help="All files of one dataset.")] = None,
    dataset: Annotated[str | None, typer.Option(metavar="NAME", help="Name of the dataset; else the file's.")] = None,
    source: Annotated[str | None, typer.Option(metavar="NAME", help="Name of the source system.")] = None,
    database: Annotated[
        str | None,
        typer.Option(metavar="URL", help="PostgreSQL database without password, or the name of its secret."),
    ] = None,
    table: Annotated[list[str] | None, typer.Option(metavar="SCHEMA.TABLE", help="Table to draft; else all.")] = None,
    encoding: Annotated[str | None, typer.Option(help="Encoding of text files, such as cp1252.")] = None,
    delimiter: Annotated[str | None, typer.Option(help="Character between the fields of CSV.")] = None,
    header: Annotated[
        bool | None, typer.Option("--header/--no-header", help="Whether CSV files begin with names.")
    ] = None,
    diff: Annotated[bool, typer.Option("--diff", help="Write nothing; show what the contracts lack.")] = False,
    output: Annotated[Path, typer.Option(metavar="DIR", help="Folder of the contracts.")] = Path("contracts"),
) -> None:
    """Draft the contract of a dataset from its files (CSV, JSON, JSON lines, Parquet, Avro), or of a database's tables.

    All records of all files are read, first to find the types, then by the drafted contract. With `--database`, types,
    keys, foreign keys and comments come from PostgreSQL; its password is in PGPASSWORD or in a secret. The contracts
    say in comments what was guessed and why. An existing contract is not replaced. With `--diff`, nothing is written:
    the command shows tables and columns that have no contract, types that changed, and reasons of rejected records.

    Needs no AWS, except for a secret. Exit code 0: the contracts are written, or lack nothing; 1: with `--diff`, they
    lack something; 2: the source cannot be read, or the contract exists.
    """
    if bool(files) == bool(database):
        raise LakehouseError("nothing to draft from: give either files, or --source and --database")
    if database:
        if not source:
            raise LakehouseError("the source has no name: give --source, for example --source shop")
        _draft_database(database, table or [], source=source, domain=domain, output=output, diff=diff)
        return
    assert files
    checked = draft_files(
        files, domain=domain, dataset=dataset, source=source, encoding=encoding, delimiter=delimiter, header=header
    )
    if diff:
        _differ(_of_files(checked.draft, files, output))
        return
    _write(checked.draft, output)
    _show(checked)


def _differ(differences: Iterable[str]) -> None:
    """Print differences, and end with exit code 1 if there are any."""
    found = list(differences)
    for difference in found:
        console.print(printable(difference), markup=False)
    console.print(f"{len(found)} differences" if found else "no difference")
    if found:
        raise typer.Exit(1)


def _of_files(draft: Draft, files: list[Path], output: Path) -> Iterator[str]:
    path = output / draft.path
    if not path.is_file():
        yield f"{draft.dataset}: has no contract"
        return
    contract = load_contract(path)
    yield from file_differences(draft, contract)
    reasons: dict[str, Place] = {}
    for _, place, entries in readings(contract, files):
        for column, reason in entries:
            reasons.setdefault(f"{column}: {reason}" if column else reason, place)
    yield from (f"{draft.dataset}: rejects records: {reason}; first {place}" for reason, place in reasons.items())


def _draft_database(database: str, wanted: list[str], *, source: str, domain: str, output: Path, diff: bool) -> None:
    existing = load_contracts(output) if output.is_dir() and contract_paths(output) else []
    with connected(database) as connection:
        found = tables(connection, wanted=wanted)
        database = connection.info.dbname
    drafted = draft_tables(found, source=source, database=database, domain=domain, existing=() if diff else existing)
    if diff:
        _differ(database_differences(drafted, existing, source=source))
        return
    for draft in drafted.drafts.values():
        _write(draft, output)
    for (schema, name), reason in drafted.left_out.items():
        console.print(printable(f"{schema}.{name}: not drafted: it {reason}"), markup=False)
    if not drafted.drafts:
        reason = "each table has a reason above" if drafted.left_out else "the user sees no table in the database"
        raise LakehouseError(f"{source}: no contract was written: {reason}")


def _write(draft: Draft, output: Path) -> None:
    path = output / draft.path
    for other in contract_paths(output) if output.is_dir() else []:
        if Path(other).name == path.name and Path(other) != path:
            raise LakehouseError(f"{other}: the dataset {draft.dataset} exists already: choose another --dataset")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(draft.text)
    except FileExistsError as error:
        raise LakehouseError(f"{path}: exists already: remove it, or choose another --dataset or --output") from error
    console.print(f"{path}: {len(draft.columns)} columns", markup=False)


def _show(checked: Checked) -> None:
    console.print(f"{checked.records:,} records, {checked.rejected:,} rejected", markup=False)
    for reason, place in list(checked.reasons.items())[:_SHOWN]:
        console.print(f"  {printable(f'{place}: {reason}')}", markup=False)
    if len(checked.reasons) > _SHOWN:
        console.print(f"  the first {_SHOWN} of {len(checked.reasons)} reasons", style="dim")
