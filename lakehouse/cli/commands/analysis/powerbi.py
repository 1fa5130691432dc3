"""`lakehouse powerbi`: write a Power BI project over the star schema."""

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
from lakehouse.cli.printable import in_markup
from lakehouse.cli.roles import DEFAULT_ROLE, role_named
from lakehouse.governance.roles import ROLES
from lakehouse.names import Names
from lakehouse.operations import dbt
from lakehouse.powerbi import project
from lakehouse.powerbi.semantic_model import Mode

app = typer.Typer(help="Write a Power BI project (PBIP) over the star schema, from contracts, models and metrics.")


@app.callback()
def main() -> None:
    """Write a Power BI project (PBIP) over the star schema, from contracts, models and metrics."""


@app.command("build")
def build(
    output: Annotated[
        Path, typer.Option(metavar="DIR", help="Folder of the project; an earlier build is replaced.")
    ] = (Path("build/powerbi")),
    direct_query: Annotated[
        bool, typer.Option("--direct-query", help="Query Athena for each visual; without it, rows are imported.")
    ] = False,
    role: Annotated[
        str, typer.Option(envvar="LAKEHOUSE_ROLE", help=f"Role whose DSN is read with: {', '.join(ROLES)}.")
    ] = DEFAULT_ROLE,
    contracts: Contracts = DEFAULT_CONTRACTS,
    env: Environment = DEFAULT_ENVIRONMENT,
) -> None:
    """Write the semantic model (TMDL), the report (PBIR) and a .pbids file.

    The model has only columns that the role sees, and only metrics that need no other column.

    Needs no AWS. Exit code 2: the role does not exist or sees nothing, the contracts have violations, or a model or
    metric has something that Power BI cannot show right.
    """
    content = project.files(
        checked_contracts(contracts),
        project=dbt.PROJECT,
        role=role_named(role),
        # Neither account nor region is in the names of databases and workgroups.
        names=Names(environment=env, account="000000000000", region="eu-central-1"),
        mode=Mode.DIRECT_QUERY if direct_query else Mode.IMPORT,
    )
    project.write(content, output)
    console.print(f"{len(content)} files: open {in_markup(str(output / project.MARK))} in Power BI Desktop")
