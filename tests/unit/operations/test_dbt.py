"""What `lakehouse.operations.dbt` hands to dbt, and what it makes of dbt's answer."""

import json
import re
import sys
from pathlib import Path

import pytest

from lakehouse.errors import LakehouseError
from lakehouse.names import Names
from lakehouse.operations import dbt

NAMES = Names(environment="dev", account="000000000000", region="eu-west-1")
MODELS = Path(dbt.__file__).parents[2] / "models"


def test_the_project_reads_exactly_the_variables_that_it_is_given() -> None:
    read = {
        variable
        for path in [*MODELS.glob("*.yml"), *(MODELS / "zones").rglob("*.yml")]
        for variable in re.findall(r"env_var\('(\w+)'\)", path.read_text())
    }
    assert read == dbt.environment(NAMES).keys()


def test_each_model_and_test_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = _project(tmp_path, monkeypatch, results=[_result("model.lakehouse.dim_date", "success", "OK 7670")])
    assert dbt.build(NAMES, project=project) == [
        dbt.Node(name="dim_date", kind="model", status="success", seconds=0.5, message="OK 7670")
    ]


def test_what_failed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    failed = _result(
        "test.lakehouse.unique_dim_date_date_key.0a1b", "fail", "Got 3 results, configured to fail if != 0"
    )
    skipped = _result("model.lakehouse.dim_date", "skipped", None) | {"execution_time": 0}
    project = _project(tmp_path, monkeypatch, results=[failed, skipped])
    with pytest.raises(LakehouseError, match=r"1 of 2 failed(.|\n)*test unique_dim_date_date_key: Got 3 results"):
        dbt.build(NAMES, project=project)


def test_what_dbt_says_before_it_starts_is_passed_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(LakehouseError, match=r"could not start on .*models:\nno such model"):
        dbt.build(NAMES, project=_project(tmp_path, monkeypatch, results=None))


@pytest.mark.parametrize("profile", [None, "builder"])
def test_dbt_takes_its_role_by_the_profile_that_is_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, profile: str | None
) -> None:
    project = _project(tmp_path, monkeypatch, results=None)
    (project / "run_dbt.py").write_text("import os, sys\nsys.exit(f'I am {os.environ.get(\"AWS_PROFILE\")}')\n")
    if profile is not None:
        monkeypatch.setenv(dbt.PROFILE, profile)
    with pytest.raises(LakehouseError, match=f"I am {profile}$"):
        dbt.build(NAMES, project=project)


def test_results_of_an_earlier_run_are_not_taken_for_this_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = _project(tmp_path, monkeypatch, results=[])
    dbt.build(NAMES, project=project)
    _project(tmp_path, monkeypatch, results=None)
    with pytest.raises(LakehouseError, match="could not start"):
        dbt.build(NAMES, project=project)


def test_no_dbt_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(
        LakehouseError, match=r"dbt is not installed: .*\.venv-dbt/bin/python does not exist; run `make setup`"
    ):
        dbt.build(NAMES, project=tmp_path / "models")


def _result(unique_id: str, status: str, message: str | None) -> dict[str, object]:
    return {"unique_id": unique_id, "status": status, "execution_time": 0.5, "message": message}


def _project(folder: Path, monkeypatch: pytest.MonkeyPatch, *, results: list[dict[str, object]] | None) -> Path:
    """A project whose dbt answers with these results; None is a dbt that ends before it has any."""
    answer = None if results is None else json.dumps({"results": results})
    project = folder / "models"
    project.mkdir(exist_ok=True)
    (project / "run_dbt.py").write_text(
        "import pathlib, sys\n"
        f"answer = {answer!r}\n"
        "if answer is None:\n"
        "    sys.exit('no such model')\n"
        "target = pathlib.Path(sys.argv[sys.argv.index('--target-path') + 1])\n"
        "target.mkdir(exist_ok=True)\n"
        "(target / 'run_results.json').write_text(answer)\n"
    )
    monkeypatch.setenv(dbt.PYTHON, sys.executable)
    return project
