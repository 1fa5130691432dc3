"""`lakehouse erase`: a person's records out of every zone."""

from collections.abc import Sequence
from typing import Annotated

import boto3
import typer
from rich.table import Table

from lakehouse.cli.datasets import chosen
from lakehouse.cli.options import DEFAULT_CONTRACTS, DEFAULT_ENVIRONMENT, Contracts, Environment, checked, console
from lakehouse.engine import catalog as catalogs
from lakehouse.erasure import erase as erasing
from lakehouse.erasure.proof import COMPLETE, Erasure
from lakehouse.erasure.subject import of_key
from lakehouse.errors import LakehouseError
from lakehouse.governance.models import sources
from lakehouse.names import Names, Zone
from lakehouse.operations import dbt
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
            s3, of_key(contract, key), everything, with_related=with_related, catalog=catalog, names=names
        )
        amounts = erasing.amounts(s3, planned, catalog=catalog, names=names)
        kept = [(subject, erasing.rows(subject, catalog=catalog, names=names)) for subject in planned.kept]
    shown = Table("dataset", "by", "records in stage", "rows in raw", "rows in integration")
    for amount in amounts:
        found = (amount.stage_records, amount.raw_rows, amount.integration_rows)
        shown.add_row(amount.subject.contract.dataset, ", ".join(amount.subject.values), *map(str, found))
    console.print(shown)
    if planned.resumed:
        console.print("an erasure of this key was begun and is not complete: this one completes it")
    elif not amounts[0].stage_records + amounts[0].raw_rows + amounts[0].integration_rows:
        console.print(
            f"[yellow]{dataset} has no record of this key[/]: it is another one, or erased already; going on looks for "
            "it in what else there is"
        )
    for subject, (raw, integration) in kept:
        if raw or integration:
            console.print(
                f"{subject.contract.dataset} refers to the person by {', '.join(subject.values)} and stays: {raw} rows "
                f"in raw, {integration} in integration; --with-related erases them"
            )
    if dry_run:
        console.print("nothing was changed")
        return
    if not yes:
        typer.confirm("Erase them? Nobody can bring them back, nor any earlier state of these tables.", abort=True)
    try:
        with console.status("erasing"):
            done = erasing.erase(
                s3, planned, everything, catalog=catalog, names=names, build=lambda datasets: _build(datasets, names)
            )
    except (KeyboardInterrupt, LakehouseError):
        console.print("[red]not complete[/]: what was removed is removed; ask for the same again, it does the rest")
        raise
    _say(done, names=names, sources=sorted({subject.contract.source.name for subject in planned.erased}))
    if done.state != COMPLETE:
        raise typer.Exit(1)


def _say(done: Erasure, *, names: Names, sources: Sequence[str]) -> None:
    console.print(
        f"removed from {', '.join(done.datasets)}: {done.stage_records} records of stage, {done.rows} rows of raw and "
        f"integration; {done.versions} old or unused objects and versions deleted; models built anew"
    )
    for place in done.found:
        console.print(f"  found: {place.uri}: {place.remedy}", markup=False)
    where = f"{done.scanned} objects and versions were read"
    if done.retained:
        where += f"; {len(done.retained)} have the person by {', '.join(done.kept)}, which stay"
    if done.state == COMPLETE:
        console.print(f"[green]complete[/]: {where}; nothing {'else ' if done.retained else ''}was found")
    else:
        console.print(f"[red]incomplete[/]: {where}; {len(done.found)} have the person and should not, see above")
    proof = names.erasure_key(erasure_id=done.erasure_id)
    console.print(f"proof: s3://{names.bucket(Zone.RAW)}/{proof}, and {names.ops_database}.erasures")
    console.print(f"erase the person in {' and '.join(sources)} too, if that is not done: what is there comes again")


def _build(datasets: Sequence[str], names: Names) -> None:
    """Build the models anew that are made of some datasets."""
    made_of = [f"source:{zone}.{table}+" for zone, table in sources(dbt.PROJECT) if table in datasets]
    if made_of:
        dbt.build(names, select=tuple(made_of))
