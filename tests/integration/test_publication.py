"""What readers see of the models: states that passed their tests, whatever fails."""

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest

from emulator.runtime.server_lifecycle import Server
from lakehouse.engine import catalog
from lakehouse.erasure.models import forget
from lakehouse.errors import LakehouseError
from lakehouse.maintenance import models, orphans
from tests.support.models import small_project
from tests.support.models.small_project import BASE, SCHEMA, Project

pytestmark = pytest.mark.timeout(900)
DOUBLED = "select id, amount from {{ ref('base') }} union all select id, amount from {{ ref('base') }}"


@pytest.fixture(scope="module")
def made(aws: Server, tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = small_project.make(aws, tmp_path_factory.mktemp("dbt"), project="publication")
    assert project.build() == {
        **dict.fromkeys(("base", "mart", "other"), "published"),
        **dict.fromkeys(("unique_base_id", "unique_mart_id", "unique_other_id"), "pass"),
    }
    return project


@pytest.fixture
def project(made: Project) -> Iterator[Project]:
    """The project with its first models, whose tables a test before may have changed."""
    yield made
    for name, sql in small_project.MODELS.items():
        made.write(name, sql)
    made.describe(SCHEMA)
    for name in made.tables() - small_project.MODELS.keys():
        boto3.client("glue").delete_table(DatabaseName=made.database, Name=name)


def snapshots(project: Project, name: str) -> list[int]:
    return [snapshot.snapshot_id for snapshot in project.table(name).snapshots()]


def unused_files(project: Project, name: str) -> list[str]:
    """Files in the folder of a table that no state of it refers to."""
    table = project.table(name)
    found = orphans.find(
        boto3.client("s3"),
        lambda: table,
        older_than=timedelta(0),
        now=datetime.now(UTC) + timedelta(hours=1),
    )
    return [orphan.key for orphan in found]


def test_first_builds_are_published_under_their_names(project: Project) -> None:
    assert project.tables() == {"base", "mart", "other"}
    assert project.rows("mart") == [("1", "10"), ("2", "20")]
    assert project.entry("mart")["Description"] == "The mart."


@pytest.mark.parametrize(
    "exactly",
    [pytest.param(False, id="lakehouse build"), pytest.param(True, id="as Airflow does", marks=pytest.mark.slow)],
)
def test_a_model_that_fails_its_test_leaves_the_old_rows_to_every_reader(project: Project, exactly: bool) -> None:
    old, before = project.rows("mart"), snapshots(project, "mart")
    project.write("mart", DOUBLED)
    select = ("mart", "unique_mart_id") if exactly else ()
    with pytest.raises(LakehouseError, match=r"test unique_mart_id: Got 2 results") as raised:
        project.build(*select, exactly=exactly)
    assert (project.rows("mart"), snapshots(project, "mart")) == (old, before)
    (candidate,) = project.tables() - {"base", "mart", "other"}
    assert f"{project.database}.mart keeps its last published rows: test unique_mart_id" in str(raised.value)
    assert f"the refused rows are in {project.database}.{candidate} for 3 days" in str(raised.value)
    assert project.rows(candidate) == sorted([*old, *old])
    assert "unique_mart_id: Got 2 results" in project.table(candidate).properties["lakehouse.refused"]
    project.write("mart", small_project.MODELS["mart"])
    assert project.build("mart")["mart"] == "unchanged"


@pytest.mark.slow
def test_a_build_that_changes_nothing_publishes_nothing(project: Project) -> None:
    before = {name: (project.rows(name), snapshots(project, name)) for name in ("base", "mart", "other")}
    said = project.build()
    assert {said[name] for name in before} == {"unchanged"}
    assert {name: (project.rows(name), snapshots(project, name)) for name in before} == before
    assert project.tables() == {"base", "mart", "other"}
    assert unused_files(project, "mart") == []


@pytest.mark.slow
def test_new_rows_are_one_snapshot_and_the_old_ones_stay_readable(project: Project) -> None:
    old, before = project.rows("mart"), snapshots(project, "mart")
    project.write("base", "select * from (values (1, 11), (3, 30)) as t (id, amount)")
    project.describe(SCHEMA.replace("The mart.", "The mart of today."))
    said = project.build()
    assert (said["base"], said["mart"], said["other"]) == ("published", "published", "unchanged")
    assert project.rows("mart") == [("1", "11"), ("3", "30")]
    assert snapshots(project, "mart")[:-1] == before
    assert project.rows("mart", suffix=f"for version as of {before[-1]}") == old
    entry = project.entry("mart")
    assert entry["Description"] == "The mart of today."
    assert [column["Comment"] for column in entry["StorageDescriptor"]["Columns"][:1]] == ["The key."]
    assert project.tables() == {"base", "mart", "other"}
    assert unused_files(project, "mart") == []


@pytest.mark.slow
def test_models_that_read_a_refused_one_stay_and_others_are_published(project: Project) -> None:
    project.build()
    old = {name: (project.rows(name), snapshots(project, name)) for name in ("base", "mart")}
    project.write("base", f"{BASE} union all select 1, 12")
    project.write("other", "select 8 as id")
    with pytest.raises(LakehouseError, match=r"base keeps its last published rows: test unique_base_id"):
        project.build()
    assert {name: (project.rows(name), snapshots(project, name)) for name in ("base", "mart")} == old
    assert project.rows("other") == [("8",)]


@pytest.mark.slow
def test_a_test_that_warns_publishes(project: Project) -> None:
    project.write("mart", DOUBLED)
    project.describe(SCHEMA.replace("data_tests: [unique]}", "data_tests: [unique: {config: {severity: warn}}]}"))
    said = project.build()
    assert (said["mart"], said["unique_mart_id"]) == ("published", "warn")
    assert len(project.rows("mart")) == 4


@pytest.mark.slow
def test_columns_change_and_the_history_stays(project: Project) -> None:
    project.build()
    before = snapshots(project, "base")[-1]
    old = project.rows("base")
    project.write("base", "select cast(5 as bigint) as id, 'new' as colour, 'ten' as amount")
    project.write("mart", "select id from {{ ref('base') }}")
    assert project.build()["base"] == "published"
    assert project.rows("base") == [("5", "new", "ten")]
    assert project.rows("mart") == [("5",)]
    assert project.rows("base", suffix=f"for version as of {before}") == old
    table = project.table("base")
    assert [(field.name, str(field.field_type)) for field in table.schema().fields] == [
        ("id", "long"),
        ("colour", "string"),
        ("amount", "string"),
    ]
    assert classifications(project, "base") == {"id": "internal", "colour": "restricted", "amount": "confidential"}
    assert project.tables() == {"base", "mart", "other"}
    project.write("base", BASE)
    project.write("mart", small_project.MODELS["mart"])
    assert project.build()["mart"] == "published"
    assert project.rows("mart") == [("1", "10"), ("2", "20")]


def classifications(project: Project, name: str) -> dict[str, str]:
    """Classification of each column that a table has now; hidden ones have none of their own."""
    client: Any = boto3.client("lakeformation")
    place = {"Table": {"DatabaseName": project.database, "Name": name}}
    tags = client.get_resource_lf_tags(Resource=place, ShowAssignedLFTags=True)["LFTagsOnColumns"]
    own = {
        column["Name"]: tag["TagValues"][0]
        for column in tags
        for tag in column["LFTags"]
        if tag["TagKey"] == "classification"
    }
    return {field.name: own.get(field.name, "restricted") for field in project.table(name).schema().fields}


@pytest.mark.slow
def test_of_two_builds_at_once_one_wins_and_the_other_is_refused_by_name(project: Project, tmp_path: Path) -> None:
    project.build()
    others = []
    for number in (1, 2):
        folder = tmp_path / str(number) / "models"
        shutil.copytree(project.folder, folder)
        other = replace(project, folder=folder)
        other.write("other", f"select {number} as id")
        others.append(other)

    def build(one: Project) -> str:
        try:
            return one.build("other")["other"]
        except LakehouseError as error:
            return str(error)

    before = len(snapshots(project, "other"))
    with ThreadPoolExecutor(2) as pool:
        said = list(pool.map(build, others))
    winner = said.index("published")
    assert "another build changed" in said[1 - winner]
    assert project.rows("other") == [(str(winner + 1),)]
    assert len(snapshots(project, "other")) == before + 1


@pytest.mark.slow
def test_a_build_that_dies_before_it_publishes_changes_nothing_and_is_repeated(project: Project) -> None:
    project.build()
    old, before = project.rows("mart"), snapshots(project, "mart")
    project.write("mart", "select id, amount + 1 as amount from {{ ref('base') }}")
    program = project.folder / "publication" / "run.py"
    text = program.read_text()
    program.write_text(text.replace("build = results.read(", "os._exit(9)\n    build = results.read("))
    with pytest.raises(LakehouseError, match="nothing was published"):
        project.build()
    program.write_text(text)
    assert (project.rows("mart"), snapshots(project, "mart")) == (old, before)
    assert project.build()["mart"] == "published"
    assert project.rows("mart") == [("1", "11"), ("2", "21")]


@pytest.mark.slow
def test_what_would_be_seen_before_its_tests_is_refused(project: Project) -> None:
    project.write("other", "{{ config(materialized='view') }} select 1 as id")
    with pytest.raises(LakehouseError, match="materialized: view is not supported"):
        project.build("other")
    project.write("other", "{{ config(partitioned_by=['id']) }} select 1 as id")
    with pytest.raises(LakehouseError, match="its partitions changed from none to identity"):
        project.build("other")


@pytest.mark.slow
def test_refused_rows_are_removed_after_their_time_and_an_erasure_leaves_one_state(project: Project) -> None:
    project.build()
    project.write("mart", DOUBLED)
    with pytest.raises(LakehouseError):
        project.build("mart")
    old, documentation = project.rows("mart"), project.entry("mart")["Description"]
    iceberg, glue, s3 = catalog.load_models(None), boto3.client("glue"), boto3.client("s3")
    (refused,) = models.candidates(glue, [project.database])
    assert (refused.model, "unique_mart_id" in (refused.reason or "")) == ("mart", True)
    now = datetime.now(UTC)
    assert models.due([refused], now=now + timedelta(days=2)) == []
    assert models.due([refused], now=now + timedelta(days=4)) == [refused]
    files = models.remove(iceberg, refused)
    orphans.delete_uris(s3, files)
    assert len(files) > 2
    assert models.candidates(glue, [project.database]) == []
    assert project.rows("mart") == old

    much_later = now + timedelta(days=30)
    outcome = models.maintain_model(iceberg, s3, database=project.database, name="mart", now=much_later)
    assert outcome.before
    assert project.rows("mart") == old

    with pytest.raises(LakehouseError):
        project.build("mart")
    forget(s3, glue, [f"{project.database}.mart"], catalog=iceberg)
    assert len(snapshots(project, "mart")) == 1
    assert project.tables() == {"base", "mart", "other"}
    assert (project.rows("mart"), project.entry("mart")["Description"]) == (old, documentation)
    assert [column["Comment"] for column in project.entry("mart")["StorageDescriptor"]["Columns"][:1]] == ["The key."]
    project.write("mart", small_project.MODELS["mart"])
    assert project.build("mart")["mart"] == "unchanged"
