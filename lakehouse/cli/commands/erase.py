"""`lakehouse erase`: erase a person's records from every zone."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import boto3
import typer
from rich.table import Table

from lakehouse.cli.options import (
    DEFAULT_CONTRACTS,
    DEFAULT_ENVIRONMENT,
    Contracts,
    Environment,
    checked_contracts,
    console,
    contracts_of,
)
from lakehouse.engine import catalog
from lakehouse.erasure.erase import amounts, plan_erasure, row_counts, run_erasure
from lakehouse.erasure.models import forget
from lakehouse.erasure.proof import COMPLETE, Erasure
from lakehouse.erasure.subject import subject_of_key
from lakehouse.errors import LakehouseError
from lakehouse.governance.models import sources
from lakehouse.names import Names, Zone
from lakehouse.operations import dbt
from lakehouse.releases.recording import released
from lakehouse.settings import names_of

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def erase(
    dataset: Annotated[str, typer.Argument(help="Dataset whose primary key identifies the person, e.g. customers.")],
    key: Annotated[list[str], typer.Option("--key", metavar="[COLUMN=]VALUE", help="One for each column of the key.")],
    with_related: Annotated[
        bool, typer.Option("--with-related", help="Also erase rows that refer to the person by a relationship.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be erased and change nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")] = False,
    contracts: Contracts = DEFAULT_CONTRACTS,
    env: Environment = DEFAULT_ENVIRONMENT,
) -> None:
    """Erase a person from stage, raw, quarantine, integration and all models, and write a proof.

    Removes the person's records from stage objects and tables, expires all earlier snapshots of these tables, rebuilds
    the models, deletes old versions and query results that contain the person, and then scans every object version of
    all zones. The proof is stored in S3 and in `ops.erasures`. If the command is interrupted, run it again with the
    same arguments: it completes the erasure.

    Needs write access to all zones, and dbt. Exit code 0: complete; 1: the scan found objects that still contain the
    person, each is printed with what to do; 2: the call was refused, or a step failed.
    """
    (contract,), all_contracts = contracts_of(contracts, [dataset]), checked_contracts(contracts)
    names, iceberg, s3 = names_of(env), catalog.load(), boto3.client("s3")
    with console.status("searching"):
        planned = plan_erasure(
            s3, subject_of_key(contract, key), all_contracts, with_related=with_related, catalog=iceberg, names=names
        )
        counted = amounts(s3, planned, catalog=iceberg, names=names)
        kept = [(subject, row_counts(subject, catalog=iceberg, names=names)) for subject in planned.kept]
    table = Table("dataset", "by", "records in stage", "rows in raw", "rows in integration")
    for amount in counted:
        counts = (amount.stage_records, amount.raw_rows, amount.integration_rows)
        table.add_row(amount.subject.contract.dataset, ", ".join(amount.subject.values), *map(str, counts))
    console.print(table)
    if planned.resumed:
        console.print("an earlier erasure of this key is not complete: this one completes it")
    elif not counted[0].stage_records + counted[0].raw_rows + counted[0].integration_rows:
        console.print(
            f"[yellow]{dataset} has no record with this key[/]: the key is wrong, or it was erased already; if you go "
            "on, the other objects of all zones are searched for it"
        )
    for subject, (raw, integration) in kept:
        if raw or integration:
            console.print(
                f"{subject.contract.dataset} refers to the person by {', '.join(subject.values)} and is kept: {raw} "
                f"rows in raw, {integration} in integration; --with-related erases them too"
            )
    if dry_run:
        console.print("nothing was changed")
        return
    if not yes:
        typer.confirm(
            "Erase these records? They and all earlier snapshots of these tables cannot be restored.", abort=True
        )
    try:
        with console.status("erasing"), released(names, profile=dbt.profile(), started_by="lakehouse erase"):
            erasure = run_erasure(
                s3,
                planned,
                all_contracts,
                catalog=iceberg,
                names=names,
                build=lambda datasets: _rebuild_models(s3, datasets, names),
            )
    except (KeyboardInterrupt, LakehouseError):
        console.print(
            "[red]not complete[/]: some records may be erased; run the same command again, it completes the erasure"
        )
        raise
    _show_result(erasure, names=names, sources=sorted({subject.contract.source.name for subject in planned.erased}))
    if erasure.state != COMPLETE:
        raise typer.Exit(1)


def _show_result(erasure: Erasure, *, names: Names, sources: Sequence[str]) -> None:
    console.print(
        f"erased from {', '.join(erasure.datasets)}: {erasure.stage_records} records of stage, {erasure.rows} rows of "
        f"raw and integration; {erasure.versions} old or unused objects and versions deleted; models rebuilt"
    )
    for finding in erasure.found:
        console.print(f"  found: {finding.uri}: {finding.remedy}", markup=False)
    scan = f"{erasure.scanned} objects and versions were read"
    if erasure.retained:
        scan += f"; {len(erasure.retained)} contain the person because {', '.join(erasure.kept)} were kept"
    if erasure.state == COMPLETE:
        console.print(f"[green]complete[/]: {scan}; nothing {'else ' if erasure.retained else ''}was found")
    else:
        console.print(f"[red]incomplete[/]: {scan}; {len(erasure.found)} should not contain the person, see above")
    proof = names.erasure_key(erasure_id=erasure.erasure_id)
    console.print(f"proof: s3://{names.bucket(Zone.RAW)}/{proof} and {names.ops_database}.erasures")
    console.print(f"erase the person in {' and '.join(sources)} too, or the next delivery may bring the records back")


def _rebuild_models(s3: "S3Client", datasets: Sequence[str], names: Names) -> None:
    """Rebuild the models that depend on some datasets, and remove their old states."""
    selectors = [f"source:{zone}.{table}+" for zone, table in sources(dbt.PROJECT) if table in datasets]
    if selectors:
        nodes = dbt.build(names, select=tuple(selectors))
        profile = dbt.profile()
        glue = boto3.Session(profile_name=profile).client("glue")
        tables = [node.publication.table for node in nodes if node.publication]
        forget(s3, glue, tables, catalog=catalog.load_models(profile))
