"""Build the site: gather its facts, make its pages, write its files."""

import os
from collections.abc import Sequence
from pathlib import Path

from pyiceberg.catalog import Catalog

from lakehouse.contracts.model import Contract
from lakehouse.names import Names
from lakehouse.operations import dbt
from lakehouse.site.facts import gather
from lakehouse.site.pages import pages
from lakehouse.site.write import write

DOCS = Path("docs")


def build(
    contracts: Sequence[Contract], *, names: Names, catalog: Catalog, output: Path, docs_url: str | None = None
) -> str:
    """Build the site, and return the URI of its first page.

    Args:
        contracts: the datasets.
        names: names of the deployment.
        catalog: Iceberg catalog.
        output: folder of the site.
        docs_url: where links to the documentation lead; None for the folder `docs`.

    Raises:
        LakehouseError: the folder contains other files, or cannot be written.
    """
    facts = gather(contracts, names=names, catalog=catalog, models=dbt.PROJECT, docs=DOCS)
    docs = docs_url or Path(os.path.relpath(DOCS, output)).as_posix()
    write(pages(facts, docs=docs.rstrip("/") + "/"), output)
    return (output / "index.html").resolve().as_uri()
