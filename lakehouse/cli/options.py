"""Options that verbs share, the console, and the contracts that a verb works on."""

from collections.abc import Sequence
from typing import Annotated

import typer
from rich.console import Console

from lakehouse.contracts.check import read_all
from lakehouse.contracts.loader import load_contracts
from lakehouse.contracts.model import Contract
from lakehouse.contracts.violations import one_of
from lakehouse.errors import LakehouseError

Contracts = Annotated[
    str,
    typer.Option(
        "--contracts",
        envvar="LAKEHOUSE_CONTRACTS",
        metavar="DIR",
        help="Folder with the contracts, DOMAIN/DATASET.odcs.yaml.",
    ),
]
Environment = Annotated[
    str,
    typer.Option("--env", envvar="LAKEHOUSE_ENV", metavar="NAME", help="Environment: dev, staging or prod."),
]
DEFAULT_CONTRACTS = "contracts"
DEFAULT_ENVIRONMENT = "dev"

console = Console(highlight=False, soft_wrap=True)


def checked_contracts(directory: str) -> list[Contract]:
    """Return the contracts of a folder, after the same check as `lakehouse contracts check`.

    Raises:
        LakehouseError: the contracts have violations; the message lists all of them.
    """
    checked = read_all(directory)
    if checked.violations:
        raise LakehouseError("\n".join(map(str, checked.violations)))
    contracts = [reading.contract for reading in checked.readings.values() if reading.contract is not None]
    return contracts or load_contracts(directory)  # which says that there are none


def contracts_of(directory: str, datasets: Sequence[str]) -> list[Contract]:
    """Return the contracts of the named datasets, each once, or of all datasets if none is named.

    Raises:
        LakehouseError: the contracts have violations, or a dataset has no contract.
    """
    by_dataset = {contract.dataset: contract for contract in checked_contracts(directory)}
    for dataset in datasets:
        if dataset not in by_dataset:
            raise LakehouseError(f"no dataset {dataset!r} in {directory}: {one_of(dataset, sorted(by_dataset))}")
    return [by_dataset[dataset] for dataset in dict.fromkeys(datasets or by_dataset)]
