"""Windows of a dataset through its moves: panes, too-late events and the state, whatever is tried again."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import boto3
import pyarrow as pa
import pytest

from emulator.runtime.server_lifecycle import Server
from lakehouse.contracts import types
from lakehouse.engine import athena
from lakehouse.errors import LakehouseError
from lakehouse.lineage import record
from lakehouse.moves import raw_to_integration, stage_to_raw
from lakehouse.moves.job import Job
from lakehouse.moves.window_tables import WindowTables
from lakehouse.moves.windows import add_to_windows
from lakehouse.names import Move, Names, Zone
from lakehouse.tables import definition, window_views
from lakehouse.windows.model import Accumulation, Function, Measure, Shape
from tests.support.contract_builders import column, contract
from tests.support.moves import jobs
from tests.support.windows import histories

HOUR = datetime(2026, 3, 1, 10, tzinfo=UTC)
VIEWS = contract(
    column("viewed_at", types.TIMESTAMP, required=True),
    column("page", types.STRING, classification="internal"),
    column("paid", types.decimal(9, 2), classification="internal"),
)


@pytest.fixture(scope="module")
def names(aws: Server) -> Names:
    names = jobs.deployment(aws, project="windows")
    s3: Any = boto3.client("s3")
    s3.create_bucket(Bucket=names.results_bucket, CreateBucketConfiguration={"LocationConstraint": aws.region})
    boto3.client("athena").create_work_group(
        Name=names.workgroup,
        Configuration={"ResultConfiguration": {"OutputLocation": names.results_uri(names.workgroup)}},
    )
    return names


def job(names: Names, dataset: str, shape: Shape, size: int, every: int | None = None, **settings: Any) -> Job:
    windows = histories.windows(shape, size, every, **settings)
    measures = (
        Measure(name="paid", function=Function.SUM, column="paid"),
        Measure(name="first_page", function=Function.MIN, column="page"),
    )
    windows = replace(windows, time="viewed_at", by=("page",), measures=measures)
    return jobs.job_on(replace(VIEWS, dataset=dataset, windows=windows), names=names)


def load(job: Job, *events: str, batch_id: str | None = None) -> str:
    """Add events `minute:second page paid` of 2026-03-01 10:00 to integration, as one load; return its batch."""
    table = job.catalog.load_table(definition.integration(job.contract, names=job.names).name)
    number = len(table.snapshots()) + 1
    batch_id = batch_id or f"{job.contract.dataset}-{number:08d}"
    rows = [
        {
            "viewed_at": HOUR + timedelta(minutes=int(time[:2]), seconds=int(time[3:])),
            "page": page,
            "paid": Decimal(paid),
            "_source_file": f"s3://stage/{number}",
            "_source_row": row,
            "_batch_id": batch_id,
            "_ingested_at": HOUR + timedelta(days=number),
        }
        for row, (time, page, paid) in enumerate(map(str.split, events), 2)
    ]
    table.append(pa.Table.from_pylist(rows, schema=table.schema().as_arrow()))
    return batch_id


def merge(job: Job, *batch_ids: str) -> None:
    add_to_windows(job.spark, job.contract, sorted(batch_ids), names=job.names, catalog=job.catalog)


def rows(job: Job, table: str) -> list[dict[str, Any]]:
    name = f"{job.names.database(Zone.INTEGRATION)}.{job.contract.dataset}_{table}"
    found: list[dict[str, Any]] = job.catalog.load_table(name).scan().to_arrow().to_pylist()
    return found


def panes(job: Job) -> list[tuple[Any, ...]]:
    return sorted(
        (
            f"{row['window_start']:%M:%S}-{row['window_end']:%M:%S} {row['page']}",
            row["pane_index"],
            row["sign"],
            str(row["timing"]),
            row["events"],
            None if row["paid"] is None else str(row["paid"]),
        )
        for row in rows(job, "panes")
    )


def test_fixed_windows_early_on_time_late_and_too_late(names: Names) -> None:
    views = job(names, "fixed", Shape.FIXED, 300, lateness=600, early=2, accumulation=Accumulation.RETRACT)
    merge(views, load(views, "01:00 /a 1.50", "02:00 /a 2.00", "03:00 /b 1.00"))
    assert panes(views) == [("00:00-05:00 /a", 0, 1, "EARLY", 2, "3.50")]
    merge(views, load(views, "06:00 /b 1.00"))
    merge(views, load(views, "04:59 /a 0.25"))
    merge(views, load(views, "20:00 /b 1.00"))
    last = load(views, "03:30 /a 9.99", "21:00 /b 1.00")
    merge(views, last)

    assert panes(views) == [
        ("00:00-05:00 /a", 0, -1, "ON_TIME", 2, "3.50"),
        ("00:00-05:00 /a", 0, 1, "EARLY", 2, "3.50"),
        ("00:00-05:00 /a", 1, -1, "LATE", 2, "3.50"),
        ("00:00-05:00 /a", 1, 1, "ON_TIME", 2, "3.50"),
        ("00:00-05:00 /a", 2, 1, "LATE", 3, "3.75"),
        ("00:00-05:00 /b", 0, 1, "ON_TIME", 1, "1.00"),
        ("05:00-10:00 /b", 0, 1, "ON_TIME", 1, "1.00"),
        ("20:00-25:00 /b", 0, 1, "EARLY", 2, "2.00"),
    ]
    [view] = window_views.of_contracts([views.contract], names=names)
    glue: Any = boto3.client("glue")
    window_views.set_up(glue, view)
    assert window_views.differences(glue, view) == []
    current = athena.query(
        boto3.client("athena"),
        f"SELECT page, events, paid FROM {view.table} ORDER BY 1, 2",
        names=names,
        database=view.database,
    )
    assert [*current.rows] == [("/a", "3", "3.75"), ("/b", "1", "1.00"), ("/b", "1", "1.00"), ("/b", "2", "2.00")]
    [late] = rows(views, "too_late")
    assert (late["page"], late["event_time"]) == ("/a", HOUR + timedelta(minutes=3, seconds=30))
    assert late["watermark"] == HOUR + timedelta(minutes=20)
    assert (late["_batch_id"], late["_source_row"]) == (last, 2)


def test_sessions_that_an_event_joins_are_taken_back(names: Names) -> None:
    views = job(names, "sessions", Shape.SESSION, 60, lateness=600)
    merge(views, load(views, "01:00 /a 1.00", "02:30 /a 2.00", "09:00 /b 0.00"))
    merge(views, load(views, "01:45 /a 4.00"))
    assert panes(views) == [
        ("01:00-02:00 /a", 0, -1, "LATE", 1, "1.00"),
        ("01:00-02:00 /a", 0, 1, "ON_TIME", 1, "1.00"),
        ("01:00-03:30 /a", 0, 1, "LATE", 3, "7.00"),
        ("02:30-03:30 /a", 0, -1, "LATE", 1, "2.00"),
        ("02:30-03:30 /a", 0, 1, "ON_TIME", 1, "2.00"),
    ]


def test_a_load_counts_once(names: Names) -> None:
    views = job(names, "once", Shape.FIXED, 300, lateness=600, accumulation=Accumulation.DISCARD)
    first = load(views, "01:00 /a 1.00")
    merge(views, first)
    merge(views, load(views, "06:00 /a 1.00"))
    before = panes(views)
    merge(views, first)  # nothing new
    assert panes(views) == before == [("00:00-05:00 /a", 0, 1, "ON_TIME", 1, "1.00")]
    load(views, "02:30 /a 3.00", batch_id=first)  # loaded again, it has one more record
    merge(views, first)
    assert panes(views) == [*before, ("00:00-05:00 /a", 1, 1, "LATE", 1, "3.00")]


def die_at(monkeypatch: pytest.MonkeyPatch, method: str, *, after: bool) -> None:
    """Let steps end with an error before or after one of their writes."""
    real = getattr(WindowTables, method)

    def die(*args: Any, **settings: Any) -> None:
        if after:
            real(*args, **settings)
        raise OSError("killed")

    monkeypatch.setattr(WindowTables, method, die)


@pytest.mark.parametrize(
    ("method", "after"),
    [
        ("_write_too_late", False),
        pytest.param("_write_state", True, marks=pytest.mark.slow),
        pytest.param("commit", True, marks=pytest.mark.slow),
    ],
)
def test_a_step_that_ends_in_the_middle_is_completed(
    names: Names, monkeypatch: pytest.MonkeyPatch, method: str, after: bool
) -> None:
    views = job(names, f"killed{method}", Shape.SLIDING, 600, 300, lateness=60)
    merge(views, load(views, "01:00 /a 1.00"))
    merge(views, load(views, "20:00 /a 1.00"))
    killed = load(views, "21:00 /a 1.00", "03:00 /a 2.00")
    with monkeypatch.context() as patch:
        die_at(patch, method, after=after)
        with pytest.raises(OSError, match="killed"):
            merge(views, killed)
    further = load(views, "40:00 /a 1.00")
    merge(views, killed, further)  # a killed batch is still due
    merge(views, load(views, "41:00 /a 1.00"))

    assert sum(row["events"] for row in rows(views, "panes")) == 2 + 2 * 2
    assert sorted((row["page"], f"{row['window_start']:%H:%M}") for row in rows(views, "too_late")) == [
        ("/a", "09:55"),
        ("/a", "10:00"),
    ]
    assert sum(row["kind"] == "load" for row in rows(views, "window_state")) == 5


def test_of_two_steps_on_one_state_the_later_is_computed_again(names: Names, monkeypatch: pytest.MonkeyPatch) -> None:
    views = job(names, "raced", Shape.FIXED, 300, lateness=600)
    merge(views, load(views, "01:00 /a 1.00"))
    one, other = load(views, "06:00 /a 1.00"), load(views, "02:00 /a 1.00")
    real = WindowTables._write_state

    def overtaken(*args: Any, **settings: Any) -> None:
        real(*args, **settings)
        monkeypatch.setattr(WindowTables, "_write_state", real)
        merge(views, other)

    monkeypatch.setattr(WindowTables, "_write_state", overtaken)
    merge(views, one)
    assert panes(views) == [("00:00-05:00 /a", 0, 1, "ON_TIME", 2, "2.00")]
    merge(views, load(views, "12:00 /a 1.00"))
    assert panes(views)[1:] == [("05:00-10:00 /a", 0, 1, "ON_TIME", 1, "1.00")]


def test_the_job_of_a_batch_writes_panes(names: Names) -> None:
    """Windows are added to a dataset that has a batch; the first panes have its events too."""
    plain = jobs.job_on(replace(VIEWS, dataset="moved"), names=names)
    views = job(names, "moved", Shape.FIXED, 300, lateness=60)
    for run, time in ((plain, "01:00"), (views, "20:00")):
        batch_id = jobs.arrive(run, f"viewed_at,page,paid\n2026-03-01T10:{time}Z,/a,1.00\n2026-03-01T10:02:00Z,/a,x\n")
        stage_to_raw.run(replace(run, batch_ids=(batch_id,)))
        raw_to_integration.run(replace(run, move=Move.RAW_TO_INTEGRATION, batch_ids=(batch_id,), run_id="jr_2"))
    assert panes(views) == [("00:00-05:00 /a", 0, 1, "ON_TIME", 1, "1.00")]
    outputs = {
        output["name"].rpartition(".")[2].rpartition("/")[2]
        for event in record.latest(views.catalog, names=names, batches=1)
        for output in event["outputs"]
    }
    assert outputs >= {"moved", "moved_panes", "moved_too_late"}


def test_panes_that_others_changed_are_refused(names: Names) -> None:
    views = job(names, "changed", Shape.FIXED, 300)
    merge(views, load(views, "01:00 /a 1.00", "20:00 /a 1.00"))
    views.catalog.load_table(f"{names.database(Zone.INTEGRATION)}.changed_panes").delete()
    with pytest.raises(LakehouseError, match=r"changed_panes has 0 rows, expected 1: .* drop the table"):
        merge(views, load(views, "21:00 /a 1.00"))
