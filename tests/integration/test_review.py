"""The difference of data in the comment on a pull request: changed models, built in a branch of the deployment."""

import subprocess
from pathlib import Path

import boto3
import pytest

from emulator.runtime.server_lifecycle import Server
from reports import data
from tests.support.models import small_project
from tests.support.models.small_project import BASE, MODELS, REAL, Project

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


def git(folder: Path, *arguments: str) -> None:
    author = ("-c", "user.name=a", "-c", "user.email=a@b.c")
    subprocess.run(["git", "-C", str(folder), *author, *arguments], check=True)


@pytest.fixture(scope="module")
def project(aws: Server, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A deployment with three models, built from the first commit of a repository."""
    folder = tmp_path_factory.mktemp("repository")
    project = small_project.make(aws, folder, project="review")
    (folder / ".gitignore").write_text("target\n__pycache__\n")
    git(folder, "init", "-q")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "first")
    git(folder, "tag", "first")
    project.build()
    return project


def test_the_comment_shows_the_rows_that_a_changed_model_changes(project: Project) -> None:
    repository = project.folder.parent
    before = {name: project.rows(name) for name in MODELS}
    assert data.report("first", names=project.names, repository=repository) == (
        "**Data**: no model reads what changed\n"
    )
    project.write("base", BASE.replace("(2, 20)", "(2, 21), (3, 30)"))
    assert data.report("first", names=project.names, repository=repository).splitlines() == [
        "**Data**: 1 models changed; 2 were built in a branch and compared with the deployment",
        "",
        "| model | rows added | removed | changed | columns |",
        "|---|---|---|---|---|",
        "| `base` | 1 | 0 | 1 | amount in 1 |",
        "| `mart` | 1 | 0 | 1 | amount in 1 |",
    ]
    project.write("base", f"{BASE} union all select 1, 10")
    project.write("more", "select 1 as id, 'a' as name")
    lines = data.report("first", names=project.names, repository=repository).splitlines()
    assert "| `more` | 1 | 0 | no key |  |" in lines
    [refused] = [line for line in lines if line.startswith("| `base`")]
    assert "not published: test unique_base_id:" in refused
    project.write(
        "base",
        BASE.replace(" as t (id, amount)", " as t (id, amount)").replace("select *", "select id, amount, 'x' as word"),
    )
    (project.folder / "zones" / "curated" / "more.sql").unlink()
    [changed] = [
        line
        for line in data.report("first", names=project.names, repository=repository).splitlines()
        if line.startswith("| `base`")
    ]
    assert changed == "| `base` | 0 | 0 | 2 | column word string was added; word in 2 |"
    # The deployment is as it was, and nothing is left of the branch.
    assert {name: project.rows(name) for name in MODELS} == before
    assert project.tables() == set(MODELS)
    databases = boto3.client("glue").get_databases()["DatabaseList"]
    assert not [database["Name"] for database in databases if database["Name"].endswith(data.BRANCH)]


def test_changed_files_say_which_models_are_built() -> None:
    repository = REAL.parent
    for files, models in (
        (["models/zones/curated/dim_date.sql", "models/unit_tests/facts.yml"], ["dim_date"]),
        (["models/zones/curated/marts.yml"], ["sales_by_region_month"]),
        (["contracts/sales/store_sales.odcs.yaml"], ["fct_store_sales"]),
        (["contracts/README.md", "models/zones/curated/gone.sql"], []),
    ):
        assert data.changed_models(files, repository=repository) == models
    everything = data.changed_models(["models/macros/utc.sql"], repository=repository)
    assert {"dim_date", "int_customer_versions"} < set(everything)
