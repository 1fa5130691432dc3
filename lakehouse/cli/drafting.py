"""`lakehouse contracts draft`: draft contracts from what a source has."""

from pathlib import Path
from typing import Annotated

import typer

from lakehouse.cli.options import console
from lakehouse.cli.printable import printable
from lakehouse.contracts.odcs.reader import SUFFIX
from lakehouse.drafting.document import Draft
from lakehouse.drafting.files import Checked, draft_files
from lakehouse.errors import LakehouseError

_SHOWN = 20


def draft_contracts(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="All files of one dataset.")],
    domain: Annotated[str, typer.Option(metavar="NAME", help="Domain of the dataset: the folder of its contract.")],
    dataset: Annotated[str | None, typer.Option(metavar="NAME", help="Name of the dataset; else the file's.")] = None,
    source: Annotated[str | None, typer.Option(metavar="NAME", help="Name of the source system.")] = None,
    encoding: Annotated[str | None, typer.Option(help="Encoding of text files, such as cp1252.")] = None,
    delimiter: Annotated[str | None, typer.Option(help="Character between the fields of CSV.")] = None,
    header: Annotated[
        bool | None, typer.Option("--header/--no-header", help="Whether CSV files begin with names.")
    ] = None,
    output: Annotated[Path, typer.Option(metavar="DIR", help="Folder of the contracts.")] = Path("contracts"),
) -> None:
    """Draft the contract of a dataset from its files: CSV, JSON, JSON lines, Parquet or Avro.

    All records of all files are read, first to find the types, then by the drafted contract. The contract says in
    comments what was guessed and why. An existing file is not replaced.

    Needs no AWS. Exit code 0: the contract is written; 2: the files cannot be read, or the contract exists.
    """
    checked = draft_files(
        files, domain=domain, dataset=dataset, source=source, encoding=encoding, delimiter=delimiter, header=header
    )
    _write(checked.draft, output)
    _show(checked)


def _write(draft: Draft, output: Path) -> Path:
    path = output / draft.domain / f"{draft.dataset}{SUFFIX}"
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(draft.text)
    except FileExistsError as error:
        raise LakehouseError(f"{path}: exists already: remove it, or choose another --dataset or --output") from error
    console.print(f"{path}: {len(draft.columns)} columns", markup=False)
    return path


def _show(checked: Checked) -> None:
    console.print(f"{checked.records:,} records, {checked.rejected:,} rejected", markup=False)
    for reason, place in list(checked.reasons.items())[:_SHOWN]:
        console.print(f"  {printable(f'{place}: {reason}')}", markup=False)
    if len(checked.reasons) > _SHOWN:
        console.print(f"  the first {_SHOWN} of {len(checked.reasons)} reasons", style="dim")
