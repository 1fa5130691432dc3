"""Events of moves and models: what was read and written, which column is made of which, how it ended."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from lakehouse.contracts.loader import load_contracts
from lakehouse.contracts.model import Contract, Deduplicate, Severity
from lakehouse.lineage import moves, sql
from lakehouse.lineage.events import Parent
from lakehouse.names import Move, Zone
from lakehouse.quality.results import evaluated, not_evaluated
from tests.support.lineage.events import AT, DATABASE, FILES, NAMES, RULE, attempt, events_of_models
from tests.support.lineage.openlineage import SPEC, check, validate


def events_of_moves() -> list[dict[str, Any]]:
    load, merge = attempt(Move.STAGE_TO_RAW), attempt(Move.RAW_TO_INTEGRATION, DATABASE)
    results = {"orders-00000001": [evaluated(RULE, Decimal(3)), not_evaluated(RULE, reason="no row")]}
    end = AT + timedelta(seconds=4)
    return [
        moves.started(load),
        *moves.ended(load, at=end, counts={"orders-00000001": {"received": 5, "accepted": 4}}, results=results),
        moves.started(merge),
        *moves.ended(merge, at=end, counts={}, results={}, error="LakehouseError: key is null"),
    ]


def made_of(event: dict[str, Any], column: str) -> list[tuple[str, str, str, str]]:
    fields = event["outputs"][0]["facets"]["columnLineage"]["fields"][column]["inputFields"]
    done = [(field["transformations"][0]) for field in fields]
    return [
        (field["name"], field["field"], how["subtype"], how.get("description", ""))
        for field, how in zip(fields, done, strict=True)
    ]


def test_every_event_loads_into_openlineages_classes() -> None:
    check([*events_of_moves(), *(event for of_model in events_of_models().values() for event in of_model)])


@pytest.mark.skipif(
    not SPEC.is_dir(),
    reason=f"OpenLineage's schemas are not in {SPEC}, and in no package: `make openlineage` fetches them, "
    "or LAKEHOUSE_OPENLINEAGE_SPEC names their folder",
)
def test_every_event_is_valid_by_openlineages_published_schemas() -> None:
    events = [*events_of_moves(), *(event for of_model in events_of_models().values() for event in of_model)]
    for event in events:
        validate(event)
    broken = events[1] | {"eventType": "DONE"}
    with pytest.raises(Exception, match="'DONE' is not one of"):
        validate(broken)


def test_a_load_reads_its_files_and_names_the_columns_as_the_source_does() -> None:
    started, ended, *_ = events_of_moves()
    assert started["run"]["runId"] == ended["run"]["runId"]
    assert [dataset["name"] for dataset in ended["inputs"]] == ["sales/orders", "sales/orders/0.csv"]
    assert made_of(ended, "note") == [("sales/orders", "Note", "IDENTITY", "")]
    assert made_of(ended, "id") == [("sales/orders", "id", "TRANSFORMATION", "csv read as int")]
    assert ended["outputs"][0]["outputFacets"]["outputStatistics"]["rowCount"] == 5


def test_a_database_is_the_source_of_what_dms_brings() -> None:
    event = moves.started(attempt(Move.STAGE_TO_RAW, DATABASE))
    assert (event["inputs"][0]["namespace"], event["inputs"][0]["name"]) == ("postgresql://shop", "shop.public.orders")


def test_a_merge_keeps_columns_as_they_were_in_raw() -> None:
    event = moves.started(attempt(Move.RAW_TO_INTEGRATION, DATABASE))
    raw = f"table/{NAMES.database(Zone.RAW)}/orders"
    how = "latest version of each id by _change_seq"
    assert made_of(event, "note") == [(raw, "note", "IDENTITY", how)]
    assert made_of(event, "_is_deleted") == [(raw, "_op", "TRANSFORMATION", how)]


@pytest.mark.parametrize(
    ("deduplicate", "how"),
    [
        (Deduplicate.NONE, "each record once"),
        (Deduplicate.KEY, "latest record of each id"),
        (Deduplicate.RECORD, "equal records once"),
    ],
)
def test_what_an_appending_merge_does_is_said(deduplicate: Deduplicate, how: str) -> None:
    event = moves.started(attempt(Move.RAW_TO_INTEGRATION, replace(FILES, deduplicate=deduplicate)))
    assert made_of(event, "note")[0][3] == how


def test_a_failure_has_its_error_and_no_count() -> None:
    failed = events_of_moves()[-1]
    assert failed["eventType"] == "FAIL"
    assert failed["run"]["facets"]["errorMessage"]["message"] == "LakehouseError: key is null"
    assert "outputFacets" not in failed["outputs"][0]


def test_a_gate_tells_what_was_measured_of_which_column() -> None:
    gate = events_of_moves()[3]
    assert gate["job"]["name"] == "stage_to_raw.orders.gate"
    assert gate["inputs"][0]["inputFacets"]["dataQualityAssertions"]["assertions"] == [
        {"assertion": "notes", "success": False, "severity": "warn", "column": "note"}
    ]
    assert gate["run"]["facets"]["lakehouse"]["gate"] == "PASS"  # warnings hold nothing


@pytest.mark.parametrize(("severity", "merged"), [(Severity.ERROR, 0), (Severity.WARNING, 1)])
def test_a_merge_that_its_gate_blocks_wrote_nothing(severity: Severity, merged: int) -> None:
    results = {"orders-00000001": [evaluated(replace(RULE, severity=severity), Decimal(2))]}
    written = {move: len(moves.ended(attempt(move), at=AT, counts={}, results=results)[0]["outputs"]) for move in Move}
    assert written == {Move.STAGE_TO_RAW: 1, Move.RAW_TO_INTEGRATION: merged}


def test_the_run_that_started_it_is_its_parent() -> None:
    one, other = (moves.started(replace(attempt(Move.STAGE_TO_RAW), run_id=run)) for run in ("jr_1", "jr_2"))
    assert one["run"]["runId"] != other["run"]["runId"]
    assert one["run"]["facets"]["parent"] == other["run"]["facets"]["parent"]
    assert one["run"]["facets"]["parent"]["job"]["name"] == "sales.orders.stage_to_raw"
    assert Parent.of("a.b/run/1") == ("a.b", "run/1")
    assert Parent.of(None) is Parent.of("") is Parent.of("no-run") is None


def test_a_batch_of_very_many_files_names_some() -> None:
    event = moves.started(attempt(Move.STAGE_TO_RAW, objects=moves.MOST_OBJECTS + 5))
    assert len(event["inputs"]) == 1 + moves.MOST_OBJECTS


def test_models_that_ran_are_told_with_tests_rows_and_columns() -> None:
    found = events_of_models()
    assert list(found) == ["fct", "mart"]  # `late` was skipped
    started, ended, _, tested = found["fct"]
    assert (started["eventTime"], ended["eventTime"]) == (
        "2026-03-01T10:00:00+00:00",
        "2026-03-01T10:00:02.500000+00:00",
    )
    assert ended["outputs"][0]["outputFacets"]["outputStatistics"]["rowCount"] == 7
    raw = f"table/{NAMES.database(Zone.RAW)}/orders"
    assert made_of(ended, "order_id") == [(raw, "order_id", "IDENTITY", "")]
    how = "orders.amount * (1 - orders.discount)"
    assert made_of(ended, "net") == [
        (raw, "amount", "TRANSFORMATION", how),
        (raw, "discount", "TRANSFORMATION", how),
    ]
    assert made_of(ended, "constant") == []
    assert tested["inputs"][0]["inputFacets"]["dataQualityAssertions"]["assertions"] == [
        {"assertion": "unique_fct", "success": True, "severity": "error", "column": "order_id"}
    ]
    failed = found["mart"][-1]
    assert failed["eventType"] == "FAIL"
    assert failed["run"]["facets"]["errorMessage"]["message"] == "TABLE_NOT_FOUND: line 1:8"


def test_aggregates_and_unions_are_followed() -> None:
    found = sql.columns(
        "select region, sum(net) as net from a.t group by 1 union all select 'unknown', 0",
        tables={("a", "t"): ["region", "net"]},
    )
    assert [(source.column, str(source.subtype), source.how) for source in found["net"]] == [
        ("net", "AGGREGATION", "SUM(t.net)")
    ]
    assert [(source.column, str(source.subtype)) for source in found["region"]] == [("region", "IDENTITY")]


@pytest.mark.parametrize("of", load_contracts("contracts"), ids=lambda of: of.dataset)
def test_every_sample_contract_has_lineage_of_all_its_columns(of: Contract) -> None:
    for move in Move:
        fields = moves.started(attempt(move, of))["outputs"][0]["facets"]["columnLineage"]["fields"]
        assert {item.name for item in of.columns} <= fields.keys()
