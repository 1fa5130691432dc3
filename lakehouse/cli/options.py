"""Options that every verb takes, and what they open."""

from typing import Annotated

import typer
from rich.console import Console

from lakehouse.contracts.check import check
from lakehouse.contracts.loader import load_contracts
from lakehouse.contracts.model import Contract
from lakehouse.errors import LakehouseError

Contracts = Annotated[
    str,
    typer.Option(
        "--contracts", envvar="LAKEHOUSE_CONTRACTS", metavar="DIR", help="Folder of DOMAIN/DATASET.odcs.yaml files."
    ),
]
Environment = Annotated[
    str,
    typer.Option("--env", envvar="LAKEHOUSE_ENV", metavar="NAME", help="Deployment to work on: dev, staging or prod."),
]
DEFAULT_CONTRACTS = "contracts"
DEFAULT_ENVIRONMENT = "dev"

console = Console(highlight=False, soft_wrap=True)


def checked(directory: str) -> list[Contract]:
    """Contracts of a folder, after the same check as `lakehouse contracts check`.

    Raises:
        LakehouseError: they have violations; all of them are named.
    """
    violations = check(directory)
    if violations:
        raise LakehouseError("\n".join(map(str, violations)))
    return load_contracts(directory)
