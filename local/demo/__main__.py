"""`make demo`: the whole lakehouse on this machine, from an empty folder to Athena SQL."""

import argparse
import shutil
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import boto3

from emulator.errors import EmulatorError
from emulator.runtime import server_lifecycle
from lakehouse.batches import pulls
from lakehouse.batches.ingest import upload
from lakehouse.contracts.loader import load_contracts
from lakehouse.contracts.model import Contract
from lakehouse.engine import catalog
from lakehouse.errors import LakehouseError
from lakehouse.names import Move, Zone
from lakehouse.operations import dbt
from lakehouse.operations.run import JobRun, run_datasets, run_pull
from local import lake
from local.airflow import dag_runs, lifecycle
from local.airflow.dag_runs import Task
from local.airflow.lifecycle import Airflow
from local.demo import page_views, shop, store_sales
from local.demo.report import report
from local.lake import Lake
from local.profiles import acting_as
from local.progress import console, step
from local.sources import rates_api

MARKER = "made-by-demo"
"""A file that marks a root folder as the demo's, which the next demo may delete."""


def main(root: Path = server_lifecycle.DEFAULT_ROOT, *, by_airflow: bool = False) -> None:
    """Run the demo; its servers keep running.

    Args:
        root: folder of its state, data and logs; deleted first.
        by_airflow: whether Airflow's DAGs move the data, instead of the functions of the command line.
    """
    started = time.monotonic()
    try:
        contracts = load_contracts("contracts")
        with step("deleting the data of the last demo"):
            clear(root)
        with step("starting the emulator, PostgreSQL and a bank's API") as running:
            deployment = lake.up(root)
            running.result = (
                f"{deployment.server.endpoint}, PostgreSQL on port {deployment.database.port}, {deployment.bank.url}"
            )
        (root / MARKER).touch()
        with step("deploying the stacks with the CDK CLI, seeding the shop") as running:
            running.result = prepare(deployment, contracts)
        with step("full load of the shop, the first sales files, an hour of page views, a month of rates") as running:
            week, running.result = load(deployment, contracts)
        mover, moves = partial(move, deployment, contracts), "stage -> raw -> integration"
        if by_airflow:
            with step("starting Airflow") as running:
                orchestrator = lifecycle.up(deployment.server, deployment.database, contracts="contracts")
                mover, moves = partial(move_by_airflow, orchestrator), f"{moves} -> curated, by Airflow's DAGs"
                running.result = orchestrator.url
        with step(moves) as running:
            running.result = mover()
        with step("a day of business: changes, deletions, late and repeated files and events") as running:
            running.result = change(deployment, contracts, week)
        with step(f"{moves}, the new data") as running:
            running.result = mover()
        if not by_airflow:
            with step("integration -> curated, by dbt on Athena") as running:
                running.result = build(deployment)
        report(deployment, contracts)
    except (LakehouseError, EmulatorError) as error:
        console.print("[red]error[/]", end=" ")
        console.print(str(error), markup=False)
        sys.exit(2)
    console.print(f"\n[bold]done in {time.monotonic() - started:.0f} s[/]; the servers keep running. Try next:")
    for line in (
        "export PATH=$PWD/.venv/bin:$PATH",
        "source <(lakehouse local env --role engineer)",
        f'lakehouse query "describe {deployment.names.database(Zone.CURATED)}.dim_customer"',
        "source <(lakehouse local env --role operator)",
        "lakehouse quarantine store_sales",
        "lakehouse lineage sales_by_region_month.net_revenue",
        "lakehouse run                  # no batch is waiting, so this changes nothing",
        *([f"open {orchestrator.url}      # Airflow's page, with its DAGs"] if by_airflow else []),
        "lakehouse local down",
    ):
        console.print(f"  {line}", markup=False)


def clear(root: Path) -> None:
    """Stop the servers of a root folder and delete it, if a demo created it.

    Raises:
        LakehouseError: the folder contains a lakehouse that no demo created.
    """
    if root.exists() and any((root / name).exists() for name in ("state", "s3")) and not (root / MARKER).exists():
        raise LakehouseError(
            f"{root} contains a lakehouse that no demo created: move it to keep it, or delete it with `make clean`"
        )
    lake.down(root)
    shutil.rmtree(root, ignore_errors=True)


def prepare(deployment: Lake, contracts: Sequence[Contract], *context: str) -> str:
    """Deploy, fill the source database meanwhile, and return a summary; `context` is as in `local.cdk.deploy`."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        rows_of_tables = pool.submit(shop.seed, deployment.database.conninfo)
        lake.deploy(deployment, contracts, *context)
        stacks = boto3.client("cloudformation").list_stacks(StackStatusFilter=["CREATE_COMPLETE", "UPDATE_COMPLETE"])
        rows = ", ".join(f"{count:,} {table}" for table, count in rows_of_tables.result().items())
        return f"{len(stacks['StackSummaries'])} stacks; {rows}"


def load(deployment: Lake, contracts: Sequence[Contract]) -> tuple[store_sales.Week, str]:
    """Load the first data of each source, while the bank's API once sends half a page; return files and a summary."""
    rates_api.control(deployment.bank, "faults", ["half"])
    lake.replicate(deployment)
    _send_page_views(deployment, contracts, hour=1)
    with ThreadPoolExecutor(max_workers=1) as pool, acting_as(deployment.server, "operator"):
        pull = pool.submit(_pull, deployment, contracts)
        week = store_sales.write_week(deployment.server.root / "till")
        _send_files(deployment, contracts, week.on_time)
        pulled = pull.result()
    _wait_for_arrival(deployment, contracts, hours=1)
    return week, f"{len(week.on_time)} files, {len(page_views.hour(1).events)} events, {pulled}"


def change(deployment: Lake, contracts: Sequence[Contract], week: store_sales.Week) -> str:
    """Change the source, send late and repeated files and events, wait until all data has arrived; return a summary."""
    rates_api.control(deployment.bank, "today", f"{rates_api.TODAY + timedelta(days=5)}")
    _send_page_views(deployment, contracts, hour=2)
    with ThreadPoolExecutor(max_workers=1) as pool, acting_as(deployment.server, "operator"):
        pull = pool.submit(_pull, deployment, contracts)
        counts = shop.change(deployment.database.conninfo)
        _send_files(deployment, contracts, [week.late, week.again])
        pulled = pull.result()
    _wait_for_arrival(deployment, contracts, hours=2)
    changes = ", ".join(f"{count} {event.replace('_', ' ')}" for event, count in counts.items())
    return f"{changes}; 2 files; {len(page_views.hour(2).events)} events; {pulled}"


def move(deployment: Lake, contracts: Sequence[Contract]) -> str:
    """Run all moves of waiting batches and return a summary.

    Raises:
        LakehouseError: a job run failed.
    """
    with acting_as(deployment.server, "operator"):
        job_runs = run_datasets(contracts, names=deployment.names, catalog=catalog.load(), on_change=_on_change)
    if failed := [job_run for job_run in job_runs if not job_run.succeeded]:
        raise LakehouseError(
            "\n".join(f"{job_run.dataset}: {job_run.move} {job_run.state}: {job_run.error}" for job_run in failed)
        )
    return f"{len(job_runs)} job runs"


def build(deployment: Lake, *, target: Path | None = None) -> str:
    """Build the models as an operator, for whom dbt assumes its own role, and return a summary."""
    with acting_as(deployment.server, "operator"):
        return f"{len(dbt.build(deployment.names, target=target))} models and tests"


def move_by_airflow(orchestrator: Airflow) -> str:
    """Run Airflow's DAGs, which move waiting batches and build models, and return a summary.

    Raises:
        LakehouseError: a task failed.
    """
    tasks = dag_runs.run_all(orchestrator, on_end=_on_task_end)
    succeeded = sum(task.state == "success" for task in tasks)
    return f"{succeeded} tasks, {len(tasks) - succeeded} had nothing to do"


def _send_files(deployment: Lake, contracts: Sequence[Contract], files: Sequence[store_sales.TillFile]) -> None:
    contract = _named("store_sales", contracts)
    s3 = boto3.client("s3")
    for file in files:
        upload(s3, [file.path], names=deployment.names, contract=contract, arrived_at=datetime.now(UTC))


def _pull(deployment: Lake, contracts: Sequence[Contract]) -> str:
    contract = _named("exchange_rates", contracts)
    session = boto3.Session()  # sessions are not safe to share between threads
    job_run = run_pull(session.client("glue"), contract, names=deployment.names)
    if not job_run.succeeded:
        raise LakehouseError(f"the pull of exchange rates {job_run.state}: {job_run.error}")
    pull = pulls.last(session.client("s3"), names=deployment.names, dataset=contract.dataset)
    assert pull is not None
    return f"{len(pull.objects)} pages of exchange rates"


def _send_page_views(deployment: Lake, contracts: Sequence[Contract], *, hour: int) -> None:
    contract = _named("page_views", contracts)
    page_views.send(boto3.client("kinesis"), page_views.hour(hour), names=deployment.names, contract=contract)


def _wait_for_arrival(deployment: Lake, contracts: Sequence[Contract], *, hours: int) -> None:
    """Wait until all committed changes of the source database and all events of these hours are in stage."""
    lake.catch_up(deployment)
    sent = sum(page_views.hour(number).views for number in range(1, hours + 1))
    contract = _named("page_views", contracts)
    page_views.wait_until_delivered(boto3.client("s3"), sent, names=deployment.names, contract=contract)


def _named(dataset: str, contracts: Sequence[Contract]) -> Contract:
    return next(contract for contract in contracts if contract.dataset == dataset)


def _on_change(job_run: JobRun) -> None:
    if job_run.state != "STARTING":
        console.print(f"    {job_run.dataset}: {job_run.move.replace('_', ' ')} {job_run.state.lower()}", style="dim")


def _on_task_end(task: Task) -> None:
    if task.state != "skipped" and (task.task_id.endswith(tuple(Move)) or task.task_id.startswith("models.")):
        console.print(f"    {task.dag_id}: {task.task_id} {task.state}", style="dim")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="The whole lakehouse on this machine.")
    parser.add_argument("--by-airflow", action="store_true", help="let Airflow's DAGs move the data")
    main(by_airflow=parser.parse_args().by_airflow)
