"""Plans of DAGs: what waits for what, and which DAG a model belongs to."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from dags.dbt_graph import models
from dags.plan import Model, Plan, load, save
from dags.planning import plans

CONTRACT = """
apiVersion: v3.1.0
kind: DataContract
id: {dataset}
version: 1.0.0
status: active
domain: {domain}
servers: [{{server: files, type: s3, location: "s3://files.example.com/", format: csv}}]
customProperties: [{{property: ingest, value: append}}]
slaProperties: [{{property: freshness, value: {minutes}, unit: min}}]
schema:
  - name: {dataset}
    properties:
      - {{name: id, logicalType: integer, relationships: [{to}]}}
"""


def write(folder: Path, place: str, *refers: str, minutes: int = 60) -> None:
    domain, dataset = place.split("/")
    to = ", ".join(f"{{to: {other}.id}}" for other in refers)
    path = folder / domain / f"{dataset}.odcs.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(CONTRACT.format(domain=domain, dataset=dataset, to=to, minutes=minutes))


def waits(plan: Plan) -> dict[str, tuple[str, ...]]:
    return {dataset.name: dataset.waits_for for dataset in plan.datasets}


def model(name: str, *datasets: str, waits_for: tuple[str, ...] = ()) -> Model:
    return Model(name=name, datasets=datasets, waits_for=waits_for, tests=(), description="")


def test_datasets_that_refer_to_each_other_wait_for_neither(tmp_path: Path) -> None:
    write(tmp_path, "a/egg", "hen")
    write(tmp_path, "a/hen", "egg")
    write(tmp_path, "a/nest", "egg", "nest")
    write(tmp_path, "b/farm", "hen")
    first, second = plans(tmp_path, [])
    assert waits(first) == {"egg": (), "hen": (), "nest": ("egg",)}
    assert waits(second) == {"farm": ()}  # a DAG does not wait within another


@pytest.mark.parametrize(("fresh", "every"), [(60, 30), (4, 5), (8_000, 60 * 24)])
def test_a_domain_is_looked_at_twice_as_often_as_its_freshest_data_may_age(
    tmp_path: Path, fresh: int, every: int
) -> None:
    write(tmp_path, "a/one", minutes=fresh)
    write(tmp_path, "a/other", minutes=9_000)
    assert [plan.every_minutes for plan in plans(tmp_path, [])] == [every]


def test_a_model_is_in_the_dag_of_the_domain_that_it_is_made_of(tmp_path: Path) -> None:
    write(tmp_path, "a/one")
    write(tmp_path, "b/two")
    calendar, of_a = model("calendar"), model("of_a", "one", waits_for=("calendar",))
    both, above = model("both", "two", waits_for=("of_a",)), model("above", waits_for=("both",))
    first, second, shared = plans(tmp_path, [calendar, of_a, both, above])
    assert first.models == (calendar, of_a)
    assert second.models == ()
    assert (shared.domain, shared.models, shared.every_minutes) == ("a_and_b", (both, above), None)
    assert shared.reads == ("of_a", "two")


def test_violations_affect_only_their_own_domain(tmp_path: Path) -> None:
    write(tmp_path, "a/one")
    write(tmp_path, "b/two", "nothing")
    write(tmp_path, "b/three")
    first, second = plans(tmp_path, [model("of_one", "one"), model("of_both", "one", "two")])
    assert [found.name for found in first.models] == ["of_one"]
    assert second.datasets == second.models == ()
    ((violation),) = second.violations
    assert "b/two.odcs.yaml" in violation
    assert "no dataset nothing" in violation


def test_models_of_a_dataset_without_a_contract_are_left_out(tmp_path: Path) -> None:
    write(tmp_path, "a/one")
    mart, report = model("mart", "one", "two"), model("report", waits_for=("mart",))
    (plan,) = plans(tmp_path, [mart, report, model("of_one", "one")])
    assert [found.name for found in plan.models] == ["of_one"]


def test_a_plan_is_read_as_it_was_written(tmp_path: Path) -> None:
    write(tmp_path, "a/one")
    (plan,) = plans(tmp_path, [model("of_one", "one")])
    save(plan, tmp_path / "a.json")
    assert load(tmp_path / "a.json") == plan


def manifest(reads: Mapping[str, list[str]], tests: Mapping[str, list[str]]) -> dict[str, Any]:
    nodes = {
        name: {"name": name, "resource_type": kind, "depends_on": {"nodes": needs}, "description": "a\n b"}
        for kind, of_kind in (("model", reads), ("test", tests))
        for name, needs in of_kind.items()
    }
    sources = {zone: {"name": "orders", "source_name": zone} for zone in ("raw", "integration", "ops")}
    return {"nodes": nodes, "sources": sources}


def test_a_test_of_several_models_belongs_to_the_last_which_waits_for_the_others() -> None:
    found = models(
        manifest(
            {"mart": ["fact"], "fact": ["raw", "integration", "ops"], "calendar": []},
            {"fact_has_days": ["calendar", "fact"], "mart_adds_up": ["fact", "mart"], "days_are_unique": ["calendar"]},
        )
    )
    by_name = {item.name: item for item in found}
    assert {name: item.tests for name, item in by_name.items()} in (
        {"calendar": ("days_are_unique",), "fact": ("fact_has_days",), "mart": ("mart_adds_up",)},
        {"calendar": ("days_are_unique", "fact_has_days"), "fact": (), "mart": ("mart_adds_up",)},
    )
    first, second = sorted((by_name["calendar"], by_name["fact"]), key=found.index)
    assert first.waits_for == ()
    assert second.waits_for == (first.name,)
    assert by_name["mart"].waits_for == ("fact",)
    assert by_name["fact"].datasets == ("orders",)
    assert by_name["mart"].description == "a b"
