"""`lakehouse erase`: a person's records out of every zone."""

from collections.abc import Sequence
from typing import Annotated

import boto3
import typer
from rich.table import Table

from lakehouse import catalog as catalogs
from lakehouse import dbt
from lakehouse.cli.datasets import chosen
from lakehouse.cli.options import DEFAULT_CONTRACTS, DEFAULT_ENVIRONMENT, Contracts, Environment, checked, console
from lakehouse.erasure import erase as erasing
from lakehouse.erasure.erase import Plan
from lakehouse.erasure.record import COMPLETE
from lakehouse.erasure.subject import of_key
from lakehouse.governance.models import sources
from lakehouse.names import Names
from lakehouse.settings import names_of


def erase(
    dataset: Annotated[str, typer.Argument(help="Dataset whose primary key names the person, e.g. customers.")],
    key: Annotated[list[str], typer.Option("--key", metavar="[COLUMN=]VALUE", help="One for each column of the key.")],
    with_related: Annotated[
        bool, typer.Option("--with-related", help="Erase what refers to the person by a relationship, too.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be erased.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    contracts: Contracts = DEFAULT_CONTRACTS,
    env: Environment = DEFAULT_ENVIRONMENT,
) -> None:
    """Erase a person from stage, raw, quarantine, integration and all that is built of them, and prove it.

    Rewrites stage objects and tables without the person's records, forgets all earlier states of the tables, builds
    the models anew, deletes old versions and query results that have the person, and then reads every object and
    version of all zones. The proof is in S3 and `ops.erasures`. If it dies, ask for it again. Exit code 1 means that
    something was found that should be gone.
    """
    (contract,) = chosen(contracts, [dataset])
    everything, names, catalog, s3 = checked(contracts), names_of(env), catalogs.load(), boto3.client("s3")
    with console.status("looking"):
        planned = erasing.plan(
            of_key(contract, key), everything, with_related=with_related, catalog=catalog, names=names
        )
        amounts = erasing.amounts(s3, planned, catalog=catalog, names=names)
    shown = Table("dataset", "records in stage", "rows in raw", "rows in integration")
    for amount in amounts:
        shown.add_row(amount.dataset, f"{amount.stage_records}", f"{amount.raw_rows}", f"{amount.integration_rows}")
    console.print(shown)
    _say_kept(planned)
    if dry_run:
        console.print("nothing was changed")
        return
    if not yes:
        typer.confirm("Erase them? Nobody can bring them back, nor any earlier state of these tables.", abort=True)
    with console.status("erasing"):
        done = erasing.erase(
            s3, planned, everything, catalog=catalog, names=names, build=lambda datasets: _build(datasets, names)
        )
    console.print(
        f"erasure {done.erasure_id}: {done.stage_records} records of stage, {done.rows} rows, {done.versions} objects "
        f"and versions; {done.scanned} read for the proof, s3://.../{names.erasure_key(erasure_id=done.erasure_id)}"
    )
    for uri in done.retained:
        console.print(f"  stays, by what was left as it is: {uri}", markup=False)
    for uri in done.found:
        console.print(f"  found: {uri}", markup=False)
    if done.state != COMPLETE:
        console.print("[red]incomplete[/]: see docs/erasure.md for what each place means, then ask for it again")
        raise typer.Exit(1)


def _say_kept(planned: Plan) -> None:
    for subject in planned.kept:
        column = ", ".join(subject.values)
        console.print(
            f"{subject.contract.dataset} refers to the person by {column} and stays; --with-related erases it"
        )


def _build(datasets: Sequence[str], names: Names) -> None:
    """Build the models anew that are made of some datasets."""
    made_of = [f"source:{zone}.{table}+" for zone, table in sources(dbt.PROJECT) if table in datasets]
    if made_of:
        dbt.build(names, select=tuple(made_of))
