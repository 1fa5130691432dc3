"""`lakehouse site`: build the catalog page."""

from pathlib import Path
from typing import Annotated

import typer

from lakehouse.cli.options import (
    DEFAULT_CONTRACTS,
    DEFAULT_ENVIRONMENT,
    Contracts,
    Environment,
    checked_contracts,
    console,
)
from lakehouse.engine import catalog
from lakehouse.errors import LakehouseError
from lakehouse.settings import names_of
from lakehouse.site import build as site

app = typer.Typer(no_args_is_help=True, help="Build the catalog page, a static site about datasets and models.")


@app.callback()
def main() -> None:
    """Build the catalog page, a static site about datasets and models."""


@app.command()
def build(
    output: Annotated[Path, typer.Option(metavar="DIR", help="Folder of the site.")] = Path("build/site"),
    docs: Annotated[
        str | None, typer.Option(metavar="URL", help="Where links to runbooks lead; by default to the folder docs.")
    ] = None,
    contracts: Contracts = DEFAULT_CONTRACTS,
    env: Environment = DEFAULT_ENVIRONMENT,
) -> None:
    """Build a static site: the state of all datasets and models, a page for each of them, search and glossary.

    It opens without a server. It shows no value of a record, and no text that a run wrote. Pages of an earlier build
    that no longer exist are deleted.

    Needs read access to the deployment. Exit code 0 also if something needs action; 2: the contracts have violations,
    or the folder contains other files.
    """
    if docs is not None and not docs.startswith(("https://", "http://")):
        raise LakehouseError(f"--docs {docs!r} is no URL of https://; without --docs, links lead to docs/")
    first = site.build(
        checked_contracts(contracts), names=names_of(env), catalog=catalog.load(), output=output, docs_url=docs
    )
    console.print(first, markup=False)
