"""The graph that events make, the tree and the page that show it, and what is said of what is not in it."""

import json
import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from pyiceberg.catalog import Catalog
from rich.console import Console
from typer.testing import CliRunner

from lakehouse.cli.commands import lineage as cli
from lakehouse.cli.main import app
from lakehouse.errors import LakehouseError
from lakehouse.lineage import events, moves, record
from lakehouse.lineage.events import Dataset, EventType, Origin, Subtype
from lakehouse.lineage.graph import Graph, Place, of_events
from lakehouse.lineage.page import page
from lakehouse.names import Move, Names
from lakehouse.tables import migrations, ops
from tests.support.lineage.events import AT, FILES, NAMES, attempt, events_of_models

HOSTILE = "</script><script>alert(1)</script><!--"


def load(batch: int, *, rows: int, names: Names = NAMES) -> list[dict[str, Any]]:
    run = replace(attempt(Move.STAGE_TO_RAW), batch_ids=(f"orders-{batch:08d}",), run_id=f"jr_{batch}", names=names)
    counts = {run.batch_ids[0]: {"received": rows}}
    return moves.ended(run, at=AT + timedelta(minutes=batch), counts=counts, results={})


def merge(names: Names = NAMES) -> list[dict[str, Any]]:
    run = replace(attempt(Move.RAW_TO_INTEGRATION), names=names)
    counts = {"orders-00000002": {"changed": 6}}
    return moves.ended(run, at=AT + timedelta(minutes=5), counts=counts, results={})


@pytest.fixture
def graph() -> Graph:
    built = [event for event in events_of_models()["fct"] if event["eventType"] == EventType.COMPLETE]
    return of_events([*load(1, rows=5), *load(2, rows=4), *merge(), *built], names=NAMES)


def tree(graph: Graph, asked: str, *, up: bool) -> list[str]:
    console = Console(width=500)
    with console.capture() as captured:
        console.print(cli._tree(graph, graph.find(asked), up=up), soft_wrap=False)
    return [line.strip(" │├└─") for line in captured.get().splitlines()]


def test_a_column_is_followed_to_the_files_of_its_batches(graph: Graph) -> None:
    assert tree(graph, "orders.note", up=True) == [
        "integration.orders.note",
        "raw_to_integration.orders 2026-03-01 10:05, 6 rows",
        "raw.orders.note  by each record once",
        "stage_to_raw.orders 2026-03-01 10:02, 4 rows",
        "batch orders-00000002: 4 rows",
        "s3://stage/sales/orders/0.csv",
        "batch orders-00000001: 5 rows",
        "s3://stage/sales/orders/0.csv",
        f"s3://{NAMES.prefix}-stage-123456789012-eu-central-1/sales/orders.Note",
    ]


def test_a_column_is_followed_to_what_is_made_of_it(graph: Graph) -> None:
    assert tree(graph, "raw.orders.id", up=False) == [
        "raw.orders.id",
        "stage_to_raw.orders 2026-03-01 10:02, 4 rows",
        "integration.orders.id  by each record once",
        "raw_to_integration.orders 2026-03-01 10:05, 6 rows",
    ]
    assert tree(graph, "curated.fct.net", up=True)[2:] == [
        "raw.orders.amount  by orders.amount * (1 - orders.discount)",
        "stage_to_raw.orders 2026-03-01 10:02, 4 rows",
        "batch orders-00000002: 4 rows",
        "s3://stage/sales/orders/0.csv",
        "batch orders-00000001: 5 rows",
        "s3://stage/sales/orders/0.csv",
        "raw.orders.discount  by orders.amount * (1 - orders.discount)",
        "stage_to_raw.orders 2026-03-01 10:02, 4 rows",
    ]


def test_a_table_is_followed_by_tables(graph: Graph) -> None:
    assert tree(graph, "fct", up=True)[:3:2] == ["curated.fct", "raw.orders"]
    assert tree(graph, "raw.orders", up=False)[2::2] == ["integration.orders", "curated.fct"]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("orders", ("integration.orders", None)),
        ("raw.orders", ("raw.orders", None)),
        ("orders.id", ("integration.orders", "id")),
        ("raw.orders.id", ("raw.orders", "id")),
        ("fct.net", ("curated.fct", "net")),
    ],
)
def test_a_table_is_found_by_its_name_with_or_without_zone(graph: Graph, asked: str, found: Place) -> None:
    assert graph.find(asked) == found


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("ordres", "no lineage of 'ordres': did you mean raw.orders"),
        ("raw.ordres.id", "no lineage of 'raw.ordres.id': did you mean raw.orders"),
        ("odrers.id", "no lineage of 'odrers.id': did you mean raw.orders"),
        ("zzz", "no lineage of 'zzz': there are curated.fct, integration.orders, raw.orders"),
        ("raw.orders.noet", "raw.orders has no column 'noet': did you mean note"),
        ("fct.zzz", "curated.fct has no column 'zzz': there are constant, net, order_id"),
    ],
)
def test_what_is_not_there_is_answered_with_what_is(graph: Graph, asked: str, said: str) -> None:
    with pytest.raises(LakehouseError, match=said):
        graph.find(asked)


def test_without_any_event_it_says_who_records_them() -> None:
    with pytest.raises(LakehouseError, match="`lakehouse run`"):
        of_events([], names=NAMES).find("orders")


def test_a_part_of_the_graph_holds_no_loose_ends(graph: Graph) -> None:
    part = graph.around(("integration.orders", None), up=True, down=False)
    assert "curated.fct" not in part.tables
    assert {edge.target[0] for edge in part.edges} == {"integration.orders", "raw.orders"}


def test_the_page_is_one_file_that_asks_for_nothing_and_runs_nothing_of_the_data() -> None:
    run = events.Run(namespace="n", job=HOSTILE, key="1", integration="DBT", about={"run_id": "1", "batch_ids": []})
    source = Dataset(namespace="s3://bucket", name=HOSTILE, columns={HOSTILE: HOSTILE})
    origin = Origin(namespace="s3://bucket", name=HOSTILE, column=HOSTILE, subtype=Subtype.IDENTITY, how=HOSTILE)
    output = events.table(
        NAMES, "lakehouse_dev_raw", "t", columns={HOSTILE: "int"}, origins={HOSTILE: [origin]}, rows=1
    )
    event = run.event(EventType.COMPLETE, at=AT, inputs=[source], outputs=[output])
    made = page(of_events([event], names=NAMES), chosen=("raw.t", HOSTILE))
    assert made.count("<script") == 2
    assert HOSTILE not in made
    assert "http://" not in made.replace("http://www.w3.org/2000/svg", "")
    assert "https://" not in made
    assert "default-src 'none'" in made
    (data,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', made)
    found = json.loads(data)
    assert found["chosen"] == ["raw.t", HOSTILE]
    assert [table["layer"] for table in found["tables"]] == [0, 1]
    assert found["tables"][0]["columns"] == [{"name": HOSTILE, "type": HOSTILE}]


def test_the_command_line_reads_the_last_runs_alone(lake: Catalog, names: Names) -> None:
    for table in ops.definitions(names=names):
        migrations.create(lake, table)
    started = moves.started(replace(attempt(Move.STAGE_TO_RAW), names=names))
    failed = moves.ended(replace(attempt(Move.STAGE_TO_RAW), names=names), at=AT, counts={}, results={}, error="no")
    first = [event for batch in range(1, 6) for event in load(batch, rows=batch, names=names)]
    again = load(5, rows=9, names=names)  # the batch is moved once more, later
    again[0]["eventTime"] = (AT + timedelta(hours=1)).isoformat()
    for found in ([started, *failed], first, merge(names), again):
        record.append(lake, found, names=names, dataset=FILES.dataset)

    answer = CliRunner().invoke(app, ["lineage", "orders.note", "--batches", "2"])
    assert answer.exit_code == 0, answer.output
    assert re.findall(r"batch (\S+): (\d) rows", answer.output) == [("orders-00000005", "9"), ("orders-00000004", "4")]
    assert CliRunner().invoke(app, ["lineage"]).output.split() == sorted(
        ["integration.orders", "raw.orders", f"s3://{names.prefix}-stage-{names.account}-{names.region}/sales/orders"]
    )
