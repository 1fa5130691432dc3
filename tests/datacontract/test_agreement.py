"""datacontract-cli, DuckDB underneath, measures our tables as our own quality results say, rule by rule."""

from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from emulator.runtime.server_lifecycle import Server
from lakehouse.contracts.columns import DELETED
from lakehouse.contracts.loader import load_contract
from lakehouse.contracts.model import Ingest
from lakehouse.moves import raw_to_integration, stage_to_raw
from lakehouse.moves.job import Job
from lakehouse.names import Move, Names, OpsTable
from lakehouse.tables import definition
from tests.support.datacontract_cli import ROOT, Verdict, quality
from tests.support.moves.jobs import arrive, deployment, job_on

MEMBERS = Path(__file__).parent / "contracts" / "test" / "members.odcs.yaml"
STORE_SALES = ROOT / "contracts" / "sales" / "store_sales.odcs.yaml"

GOOD_MEMBERS = """member_id,E-Mail,city,level,code
1,ann@example.com,Bern,gold,A1
2,bob@example.com,Rome,silver,A1
3,,n/a,silver,B2
4,dan@example.com,Oslo,,
"""
# Member 4 is left out, which deletes it: its tombstone counts for nobody.
BAD_MEMBERS = """member_id,E-Mail,city,level,code
1,ann@example.com,Bern,gold,A1
2,ann@example.com,Bern,gold,A1
3,,n/a,platinum,b2
5,,unknown,silver,
6,,Rome,gold,C3
7,eve@example.com,Rome,gold,C4
"""
HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
SALES = HEADER + "".join(f"53636{n},85123A,LAMP,{n + 1},2010-12-01 08:26:00,2.55,1785{n},France\n" for n in range(10))
RETURNS = HEADER + "".join(f"C5363{n},85123A,LAMP,-1,2010-12-02 08:26:00,2.55,17850,France\n" for n in range(10, 12))


@pytest.fixture(scope="module")
def names(aws: Server) -> Names:
    return deployment(aws, project="datacontract")


@pytest.mark.parametrize(
    ("path", "good", "bad", "failing"),
    [
        (
            MEMBERS,
            GOOD_MEMBERS,
            BAD_MEMBERS,
            {
                *("email_is_known", "email_is_ones_own", "city_is_said", "level_exists", "code_is_well_formed"),
                *("enough", "one_code_a_city", "gold_is_rare"),
            },
        ),
        (STORE_SALES, SALES, RETURNS, {"returns_are_few"}),
    ],
    ids=["members", "store_sales"],
)
def test_it_agrees_on_a_batch_that_passes_and_on_one_that_fails(
    datacontract: Path, names: Names, tmp_path: Path, path: Path, good: str, bad: str, failing: set[str]
) -> None:
    job = job_on(load_contract(path), names=names)
    of_good = move(job, good, datacontract, path, folder=tmp_path / "good")
    of_bad = move(job, bad, datacontract, path, folder=tmp_path / "bad")
    assert {name for name, verdict in of_good.items() if not verdict.passed} == set()
    assert {name for name, verdict in of_bad.items() if not verdict.passed} == failing


def move(job: Job, body: str, datacontract: Path, path: Path, *, folder: Path) -> dict[str, Verdict]:
    """Bring a file to integration; what both say of the table then, which is the same."""
    batch_id = arrive(job, body)
    stage_to_raw.run(replace(job, batch_ids=(batch_id,)))
    raw_to_integration.run(replace(job, move=Move.RAW_TO_INTEGRATION, batch_ids=(batch_id,), run_id=batch_id))
    folder.mkdir()
    export(job, folder / "rows.parquet")
    ours, theirs = results(job, batch_id), quality(datacontract, path, files=f"{folder}/*.parquet", folder=folder)
    assert theirs == ours
    return ours


def export(job: Job, file: Path) -> None:
    """Live rows of the integration table, as one Parquet file."""
    live = "true" if job.contract.ingest is Ingest.APPEND else f"{DELETED} = false"
    table = job.catalog.load_table(definition.integration(job.contract, names=job.names).name)
    scan = table.scan() if live == "true" else table.scan(row_filter=live)
    pq.write_table(scan.to_arrow(), file)


def results(job: Job, batch_id: str) -> dict[str, Verdict]:
    """What the job wrote to ops of the contract's rules on the integration table."""
    table = job.catalog.load_table((job.names.ops_database, OpsTable.QUALITY_RESULTS))
    rows = table.scan(row_filter=f"batch_id = '{batch_id}' and zone = 'integration'").to_arrow().to_pylist()
    return {
        row["rule"]: Verdict.of(row["result"] == "PASS", row["measured"])
        for row in rows
        if not row["rule"].startswith("_")
    }
