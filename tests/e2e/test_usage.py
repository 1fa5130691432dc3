"""What users do with a running lakehouse: add a dataset, send real files, lose a job, mend a contract."""

import os
import shutil
import signal
import threading
from pathlib import Path
from time import monotonic, sleep

import duckdb
import psutil
import pytest

from emulator.runtime import server_lifecycle
from lakehouse.batches import attempts
from lakehouse.contracts.loader import load_contracts
from lakehouse.engine import catalog
from lakehouse.names import Move, Zone
from tests.support.demo import tables
from tests.support.demo.command_line import cli, run_cli
from tests.support.demo.finished_demo import Demo
from tests.support.repository import ROOT

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

RETAIL = ROOT.parent / "shared" / "data" / "online_retail"

STOCK = """\
apiVersion: v3.1.0
kind: DataContract
id: stores-{dataset}
version: 1.0.0
status: active
domain: stores
team: {{name: stores}}
description: {{purpose: What is on the shelves.}}
servers:
  - {{server: shelves, type: s3, location: "s3://shelves.example.com/", format: csv}}
customProperties:
  - {{property: ingest, value: append}}
  - {{property: deduplicate, value: record}}
schema:
  - name: {dataset}
    properties:
      - {{name: sku, logicalType: string, required: true}}
      - {{name: counted_on, logicalType: date, required: true}}
      - {{name: quantity, logicalType: integer, logicalTypeOptions: {{maximum: {most}}}}}
"""


def write_contract(folder: Path, dataset: str, *, most: int = 1000) -> Path:
    shutil.copytree(ROOT / "contracts", folder, dirs_exist_ok=True)
    path = folder / "stores" / f"{dataset}.odcs.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(STOCK.format(dataset=dataset, most=most))
    return folder


@pytest.mark.slow
def test_a_contract_file_alone_adds_a_dataset(finished: Demo, tmp_path: Path) -> None:
    contracts = write_contract(tmp_path / "contracts", "stock")
    (tmp_path / "stock.csv").write_text("sku,counted_on,quantity\na,2026-03-01,5\nb,2026-02-30,1\na,2026-03-01,5\n")
    cli("tables", "apply", "--contracts", contracts)
    cli("ingest", "stock", tmp_path / "stock.csv", "--contracts", contracts)
    cli("run", "stock", "--contracts", contracts)
    (contract,) = (item for item in load_contracts(contracts) if item.dataset == "stock")
    rows = tables.integration(contract, names=finished.lake.names)
    assert [(sku, str(day), quantity) for sku, day, quantity in rows] == [("a", "2026-03-01", 5)]
    shown = cli("quarantine", "stock", "--contracts", contracts)
    assert "stock.csv:3" in shown
    assert "counted_on" in shown
    assert "2026-02-30" in shown
    answer = cli(
        "query", "select count(*) as rejected from lakehouse_dev_raw.stock where _errors is not null", "--format", "csv"
    )
    assert answer.split() == ["rejected", "1"]

    first = catalog.load().load_table((finished.lake.names.database(Zone.INTEGRATION), "stock")).current_snapshot()
    assert first is not None
    (tmp_path / "later.csv").write_text("sku,counted_on,quantity\nb,2026-03-02,7\n")
    cli("ingest", "stock", tmp_path / "later.csv", "--contracts", contracts)
    cli("run", "stock", "--contracts", contracts)
    assert "nothing was changed" in cli("rollback", "stock", "--to", str(first.snapshot_id), "--dry-run")
    assert len(tables.integration(contract, names=finished.lake.names)) == 2
    shown = cli("rollback", "stock", "--to", str(first.snapshot_id), "--yes")
    assert "moves them again: stock-00000002" in shown
    assert tables.integration(contract, names=finished.lake.names) == rows
    assert "no data waits in stage" in cli("run", "stock", "--contracts", contracts)
    cli("rerun", "stock", "stock-00000002", "--contracts", contracts)
    assert len(tables.integration(contract, names=finished.lake.names)) == 2


@pytest.mark.slow
def test_a_mended_contract_takes_rejected_records_in(finished: Demo, tmp_path: Path) -> None:
    contracts = write_contract(tmp_path / "contracts", "shelf_counts", most=10)
    (tmp_path / "counts.csv").write_text("sku,counted_on,quantity\na,2026-03-01,5\nb,2026-03-01,50\n")
    cli("tables", "apply", "--contracts", contracts)
    cli("ingest", "shelf_counts", tmp_path / "counts.csv", "--contracts", contracts)
    cli("run", "shelf_counts", "--contracts", contracts)
    write_contract(contracts, "shelf_counts", most=100)
    cli("tables", "apply", "--contracts", contracts)
    cli("replay", "shelf_counts", "--contracts", contracts)
    (contract,) = (item for item in load_contracts(contracts) if item.dataset == "shelf_counts")
    rows = tables.integration(contract, names=finished.lake.names)
    assert [(sku, quantity) for sku, _, quantity in rows] == [("a", 5), ("b", 50)]
    assert "no rejected records" in cli("replay", "shelf_counts", "--contracts", contracts)


@pytest.mark.slow
def test_a_job_that_is_killed_leaves_what_it_would_have_left(finished: Demo, tmp_path: Path) -> None:
    contracts = write_contract(tmp_path / "contracts", "pallets", most=10**6)
    lines = [f"sku{number},2026-03-01,{number}" for number in range(200_000)]
    for part in range(4):
        text = "\n".join(["sku,counted_on,quantity", *lines[part::4]]) + "\n"
        (tmp_path / f"pallets-{part}.csv").write_text(text)
    cli("tables", "apply", "--contracts", contracts)
    cli("ingest", "pallets", *sorted(tmp_path.glob("pallets-*.csv")), "--contracts", contracts)
    (contract,) = (item for item in load_contracts(contracts) if item.dataset == "pallets")
    for earlier, move in enumerate(Move):
        killer = threading.Thread(target=kill_job, args=(finished.lake.server, earlier))
        killer.start()
        failed = run_cli("run", "pallets", "--contracts", contracts)
        killer.join()
        assert failed.returncode == 1, failed.stdout + failed.stderr
        assert f"{move} FAILED" in failed.stdout
    cli("run", "pallets", "--contracts", contracts)
    rows = tables.integration(contract, names=finished.lake.names)
    assert sorted(quantity for _, _, quantity in rows) == list(range(200_000))
    loaded = [
        attempt
        for attempt in attempts.read(catalog.load(), names=finished.lake.names, dataset="pallets")
        if attempt.move is Move.STAGE_TO_RAW and attempt.state == attempts.SUCCEEDED
    ]
    assert [(attempt.received, attempt.rejected) for attempt in loaded] == [(200_000, 0)]


def kill_job(server: server_lifecycle.Server, earlier: int) -> None:
    """Let so many jobs run, and kill the process of the next with SIGKILL, a moment after it has begun."""
    seen: set[int] = set()
    deadline = monotonic() + 60
    while monotonic() < deadline:
        for process in psutil.Process(server.pid).children(recursive=True):
            # A job is forked from the launcher, and looks like it.
            if is_launcher(process) and is_launcher(process.parent()):
                seen.add(process.pid)
                if len(seen) > earlier:
                    sleep(0.4)
                    os.kill(process.pid, signal.SIGKILL)
                    return
        sleep(0.01)
    raise TimeoutError(f"{len(seen)} jobs, not {earlier + 1}, started within 60 s")


def is_launcher(process: psutil.Process | None) -> bool:
    try:
        return process is not None and any(part.endswith("launcher.py") for part in process.cmdline())
    except psutil.NoSuchProcess:
        return False


@pytest.mark.slow
@pytest.mark.skipif(not RETAIL.is_dir(), reason=f"the Online Retail files are not at {RETAIL.name}")
def test_all_of_online_retail_is_counted_like_duckdb_counts_it(finished: Demo, tmp_path: Path) -> None:
    names = finished.lake.names
    contract = next(item for item in finished.contracts if item.dataset == "store_sales")
    before = len(tables.integration(contract, names=names))
    files = sorted(RETAIL.glob("*.csv.gz"))
    assert len(files) == 305
    cli("ingest", "store_sales", *files)
    cli("run", "store_sales")
    last = max(
        (
            attempt
            for attempt in attempts.read(catalog.load(), names=names, dataset="store_sales")
            if attempt.move is Move.STAGE_TO_RAW and attempt.state == attempts.SUCCEEDED
        ),
        key=lambda attempt: attempt.batch_id,
    )
    ((received, accepted, different),) = duckdb.sql(f"""
            WITH records AS (
                SELECT *, regexp_full_match(InvoiceNo, 'C?[0-9]{{6}}') AND StockCode IS NOT NULL
                    AND Description IS NOT NULL AND TRY_CAST(Quantity AS INTEGER) IS NOT NULL
                    AND TRY_CAST(InvoiceDate AS TIMESTAMP) IS NOT NULL AND TRY_CAST(UnitPrice AS DECIMAL(10, 3)) >= 0
                    AND Country IS NOT NULL AS good
                FROM read_csv('{RETAIL}/*.csv.gz', all_varchar = true, header = true)
            )
            SELECT count(*), count(*) FILTER (WHERE good),
                count(DISTINCT (
                    InvoiceNo, StockCode, Description, Quantity, InvoiceDate, UnitPrice, CustomerID, Country
                )) FILTER (WHERE good)
            FROM records
        """).fetchall()
    assert received == 541_909
    assert (last.objects, last.received, last.accepted, last.rejected) == (305, received, accepted, received - accepted)
    assert len(tables.integration(contract, names=names)) - before == different


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "ordes"], "did you mean 'orders'?"),
        (["run", "--contracts", "nowhere"], "no such folder of contracts"),
        (["query", "selec 1"], "mismatched input"),
    ],
)
def test_what_is_rejected_is_one_line_and_exit_code_2(finished: Demo, arguments: list[str], message: str) -> None:
    rejected = run_cli(*arguments)
    assert rejected.returncode == 2
    assert message in rejected.stderr
    assert "Traceback" not in rejected.stderr


def test_a_contract_that_does_not_parse_is_named(finished: Demo, tmp_path: Path) -> None:
    contracts = write_contract(tmp_path / "contracts", "broken")
    (contracts / "stores" / "broken.odcs.yaml").write_text("kind: [DataContract\n")
    rejected = run_cli("run", "--contracts", contracts)
    assert rejected.returncode == 2
    assert "broken.odcs.yaml" in rejected.stderr
    assert "Traceback" not in rejected.stderr


def test_a_stopped_server_is_named(aws: server_lifecycle.Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    rejected = run_cli("run")
    assert rejected.returncode == 2
    assert "http://127.0.0.1:9" in rejected.stderr
    assert "Traceback" not in rejected.stderr


def test_what_upkeep_and_erasure_would_do_is_shown_and_not_done(finished: Demo) -> None:
    customer = cli("query", "select min(customer_id) as id from lakehouse_dev_integration.customers", "--format", "csv")
    before = tables.integration(finished.contracts[0], names=finished.lake.names)
    kept = cli("maintain", "--dry-run")
    assert "lakehouse_dev_integration.orders" in kept
    assert "nothing was changed" in kept
    shown = cli("erase", "customers", "--key", customer.split()[1], "--dry-run")
    assert "orders refers to the person by customer_id and is kept" in shown
    assert "nothing was changed" in shown
    assert tables.integration(finished.contracts[0], names=finished.lake.names) == before
