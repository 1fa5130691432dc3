"""`make demo`: the whole lakehouse on this machine, from an empty folder to Athena SQL."""

import argparse
import shutil
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import islice
from pathlib import Path

import boto3
from rich.table import Table

from emulator.runtime import server_lifecycle
from lakehouse.batches import pulls
from lakehouse.batches.ingest import ingest
from lakehouse.batches.quarantine import rejected
from lakehouse.cli.commands.quarantine import show
from lakehouse.contracts.loader import load_contracts
from lakehouse.contracts.model import Contract, Ingest
from lakehouse.engine import catalog
from lakehouse.engine.athena import query
from lakehouse.errors import LakehouseError
from lakehouse.names import Move, Zone
from lakehouse.operations import dbt
from lakehouse.operations.run import JobRun, run_datasets, run_pull
from local import lake
from local.airflow import dag_runs, lifecycle
from local.airflow.dag_runs import Task
from local.airflow.lifecycle import Airflow
from local.demo import page_views as visits
from local.demo import shop
from local.demo import store_sales as till
from local.lake import Lake
from local.progress import console, step
from local.sources import rates_api

MARKER = "made-by-demo"
"""A file that says that a root folder holds nothing but what the demo makes again."""

MART_ROWS = 8


def main(root: Path = server_lifecycle.DEFAULT_ROOT, *, by_airflow: bool = False) -> None:
    """Run the demo; what it made stays up.

    Args:
        root: folder of what it makes.
        by_airflow: whether Airflow's DAGs move the data, in place of the command line's own runs.
    """
    begun = time.monotonic()
    try:
        contracts = load_contracts("contracts")
        with step("clearing what the last demo left"):
            clear(root)
        with step("starting the embedded AWS, PostgreSQL and a bank's API") as running:
            made = lake.up(root)
            running.result = f"{made.server.endpoint}, PostgreSQL on port {made.database.port}, {made.bank.url}"
        (root / MARKER).touch()
        with step("deploying the stacks with the CDK CLI, seeding the shop") as running:
            running.result = prepare(made, contracts)
        with step("full load of the shop, the first till files, an hour of page views, a month of rates") as running:
            week, running.result = load(made, contracts)
        mover, moves = partial(move, made, contracts), "stage -> raw -> integration"
        if by_airflow:
            with step("starting Airflow") as running:
                orchestrator = lifecycle.up(made.server, made.database, contracts="contracts")
                mover, moves = partial(move_by_airflow, orchestrator), f"{moves} -> curated, by Airflow's DAGs"
                running.result = orchestrator.url
        with step(moves) as running:
            running.result = mover()
        with step("a day of business: changes, deletions, late and repeated files and events") as running:
            running.result = change(made, contracts, week)
        with step(f"{moves}, what came since") as running:
            running.result = mover()
        if not by_airflow:
            with step("integration -> curated, by dbt on Athena") as running:
                running.result = f"{len(dbt.build(made.names))} models and tests"
        report(made, contracts)
    except LakehouseError as error:
        console.print("[red]error[/]", end=" ")
        console.print(str(error), markup=False)
        sys.exit(2)
    console.print(f"\n[bold]done in {time.monotonic() - begun:.0f} s[/]; it stays up. Try next:")
    for line in (
        "source <(.venv/bin/lakehouse local env); export PATH=$PWD/.venv/bin:$PATH",
        f'lakehouse query "describe {made.names.database(Zone.CURATED)}.dim_customer"',
        "lakehouse quarantine store_sales",
        "lakehouse lineage sales_by_region_month.net_revenue",
        "lakehouse run                  # nothing waits: running again changes nothing",
        *([f"open {orchestrator.url}      # Airflow's page, with its DAGs"] if by_airflow else []),
        "lakehouse local down",
    ):
        console.print(f"  {line}", markup=False)


def clear(root: Path) -> None:
    """Stop what runs under a root folder and remove it, if only a demo made it.

    Raises:
        LakehouseError: somebody's own lakehouse stands there.
    """
    if root.exists() and any((root / name).exists() for name in ("state", "s3")) and not (root / MARKER).exists():
        raise LakehouseError(
            f"{root} holds a lakehouse that no demo made: keep it by moving the folder, or remove it with `make clean`"
        )
    lake.down(root)
    shutil.rmtree(root, ignore_errors=True)


def prepare(made: Lake, contracts: Sequence[Contract]) -> str:
    """Deploy, and meanwhile fill the source database; says what there is."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        seeded = pool.submit(shop.seed, made.database.conninfo)
        lake.deploy(made, contracts)
        stacks = boto3.client("cloudformation").list_stacks(StackStatusFilter=["CREATE_COMPLETE", "UPDATE_COMPLETE"])
        rows = ", ".join(f"{count:,} {table}" for table, count in seeded.result().items())
        return f"{len(stacks['StackSummaries'])} stacks; {rows}"


def load(made: Lake, contracts: Sequence[Contract]) -> tuple[till.Week, str]:
    """Let the first data of each source arrive, while the bank's API sends half of a page and is asked again."""
    rates_api.tell(made.bank, "faults", ["half"])
    with ThreadPoolExecutor(max_workers=1) as pool:
        pulled = pool.submit(_pull, made, contracts)
        lake.replicate(made)
        _browse(made, contracts, hour=1)
        week = till.write_week(made.server.root / "till")
        _send(made, contracts, week.on_time)
        _arrive(made, contracts, hours=1)
        return week, f"{len(week.on_time)} files, {len(visits.hour(1).events)} events, {pulled.result()}"


def change(made: Lake, contracts: Sequence[Contract], week: till.Week) -> str:
    """Change the source database, send the late and repeated files and events, and wait until all has arrived."""
    rates_api.tell(made.bank, "today", f"{rates_api.TODAY + timedelta(days=5)}")
    with ThreadPoolExecutor(max_workers=1) as pool:
        pulled = pool.submit(_pull, made, contracts)
        _browse(made, contracts, hour=2)
        done = shop.change(made.database.conninfo)
        _send(made, contracts, [week.late, week.again])
        _arrive(made, contracts, hours=2)
        changes = ", ".join(f"{count} {what.replace('_', ' ')}" for what, count in done.items())
        return f"{changes}; 2 files; {len(visits.hour(2).events)} events; {pulled.result()}"


def move(made: Lake, contracts: Sequence[Contract]) -> str:
    """Run all moves for what waits.

    Raises:
        LakehouseError: a job run failed.
    """
    ended = run_datasets(contracts, names=made.names, catalog=catalog.load(), on_change=_on_change)
    if failed := [job_run for job_run in ended if not job_run.succeeded]:
        raise LakehouseError("\n".join(f"{item.dataset}: {item.move} {item.state}: {item.error}" for item in failed))
    return f"{len(ended)} job runs"


def move_by_airflow(orchestrator: Airflow) -> str:
    """Have Airflow run its DAGs: all moves and models for what waits.

    Raises:
        LakehouseError: a task failed.
    """
    ended = dag_runs.run_all(orchestrator, on_end=_on_task_end)
    worked = sum(task.state == "success" for task in ended)
    return f"{worked} tasks, {len(ended) - worked} had nothing to do"


def report(made: Lake, contracts: Sequence[Contract]) -> None:
    """Print what is in each zone, the mart, and some rejected records."""
    console.print("\n[bold]Records by dataset and zone[/] (Athena SQL over the Iceberg tables)")
    zones = Table("dataset")
    for column in ("received", "accepted", "rejected", "integration", "deleted"):
        zones.add_column(column, justify="right")
    for row in query(boto3.client("athena"), _counts(made, contracts), names=made.names).rows:
        zones.add_row(row[0], *(f"{int(count or 0):,}" for count in row[1:]))
    console.print(zones)

    mart = f"{made.names.database(Zone.CURATED)}.sales_by_region_month"
    columns = "region, month, orders, items, net_revenue"
    sql = f"select {columns} from {mart} order by month desc, net_revenue desc limit {MART_ROWS}"  # noqa: S608
    console.print(f"[bold]{sql}[/]")
    result = query(boto3.client("athena"), sql, names=made.names)
    sales = Table("region", "month")
    for name, _ in result.columns[2:]:
        sales.add_column(name, justify="right")
    for row in result.rows:
        sales.add_row(*(value or "" for value in row))
    console.print(sales)

    console.print("[bold]Three rejected records[/] (lakehouse quarantine store_sales)")
    for record in islice(rejected(catalog.load(), _named("store_sales", contracts), names=made.names), 3):
        show(record)


def _send(made: Lake, contracts: Sequence[Contract], files: Sequence[till.TillFile]) -> None:
    store_sales = _named("store_sales", contracts)
    s3 = boto3.client("s3")
    for file in files:
        ingest(s3, [file.path], names=made.names, contract=store_sales, arrived_at=datetime.now(UTC))


def _pull(made: Lake, contracts: Sequence[Contract]) -> str:
    exchange_rates = _named("exchange_rates", contracts)
    session = boto3.Session()  # sessions are not safe to share between threads
    ended = run_pull(session.client("glue"), exchange_rates, names=made.names)
    if not ended.succeeded:
        raise LakehouseError(f"pulling exchange rates {ended.state}: {ended.error}")
    brought = pulls.last(session.client("s3"), names=made.names, dataset=exchange_rates.dataset)
    assert brought is not None
    return f"{len(brought.objects)} pages of exchange rates"


def _browse(made: Lake, contracts: Sequence[Contract], *, hour: int) -> None:
    page_views = _named("page_views", contracts)
    visits.send(boto3.client("kinesis"), visits.hour(hour), names=made.names, contract=page_views)


def _arrive(made: Lake, contracts: Sequence[Contract], *, hours: int) -> None:
    """Wait until all that is committed in the source database and all events of these hours are in stage."""
    lake.catch_up(made)
    sent = sum(visits.hour(number).views for number in range(1, hours + 1))
    page_views = _named("page_views", contracts)
    visits.wait_until_delivered(boto3.client("s3"), sent, names=made.names, contract=page_views)


def _named(dataset: str, contracts: Sequence[Contract]) -> Contract:
    (found,) = (contract for contract in contracts if contract.dataset == dataset)
    return found


def _on_change(job_run: JobRun) -> None:
    if job_run.state != "STARTING":
        console.print(f"    {job_run.dataset}: {job_run.move.replace('_', ' ')} {job_run.state.lower()}", style="dim")


def _on_task_end(task: Task) -> None:
    if task.state != "skipped" and (task.task_id.endswith(tuple(Move)) or task.task_id.startswith("models.")):
        console.print(f"    {task.dag_id}: {task.task_id} {task.state}", style="dim")


def _counts(made: Lake, contracts: Sequence[Contract]) -> str:
    """SQL for each dataset's received, accepted and rejected records in raw, live and deleted rows in integration."""
    raw, integration = made.names.database(Zone.RAW), made.names.database(Zone.INTEGRATION)
    return " union all ".join(
        f"""
        select '{contract.dataset}' as dataset, received, accepted, received - accepted as rejected, live, deleted
        from (select count(*) as received, count_if(_errors is null) as accepted from {raw}.{contract.dataset})
        cross join (
            select count_if(not {deleted}) as live, count_if({deleted}) as deleted from {integration}.{contract.dataset}
        )
        """  # noqa: S608 - our own names
        for contract in contracts
        for deleted in ["false" if contract.ingest is Ingest.APPEND else "_is_deleted"]
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="The whole lakehouse on this machine.")
    parser.add_argument("--by-airflow", action="store_true", help="have Airflow's DAGs move the data")
    main(by_airflow=parser.parse_args().by_airflow)
