"""What `lakehouse.operations.dbt` hands to dbt, and what it makes of dbt's answer."""

import json
import re
import sys
from pathlib import Path

import pytest

from lakehouse.errors import LakehouseError
from lakehouse.maintenance import models
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
        dbt.Node(
            name="dim_date",
            kind="model",
            status="success",
            seconds=0.5,
            message="OK 7670",
            publication=dbt.Publication(
                table="curated.dim_date", state="published", candidate="curated.dim_date__0a1b"
            ),
        )
    ]


def test_what_failed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    failed = _result(
        "test.lakehouse.unique_dim_date_date_key.0a1b", "fail", "Got 3 results, configured to fail if != 0"
    )
    skipped = _result("model.lakehouse.dim_date", "skipped", None) | {"execution_time": 0}
    project = _project(tmp_path, monkeypatch, results=[failed, skipped])
    with pytest.raises(LakehouseError, match=r"1 of 2 failed(.|\n)*test unique_dim_date_date_key: Got 3 results"):
        dbt.build(NAMES, project=project)


def test_a_refused_model_is_named_with_the_table_of_its_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    results = [_result("model.lakehouse.dim_date", "success", "OK 7670")]
    project = _project(tmp_path, monkeypatch, results=results, reason="test x: Got 2 results")
    with pytest.raises(
        LakehouseError,
        match=r"0 of 1 failed, 1 models were not published(.|\n)*"
        r"curated\.dim_date keeps its last published rows: test x: Got 2 results; "
        r"the refused rows are in curated\.dim_date__0a1b for 3 days",
    ):
        dbt.build(NAMES, project=project)


def test_a_build_that_ends_without_a_publication_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = _project(tmp_path, monkeypatch, results=[])
    program = project / "run_dbt.py"
    program.write_text(program.read_text().replace("publication.json", "other.json"))
    with pytest.raises(LakehouseError, match="nothing was published; readers see the last published rows"):
        dbt.build(NAMES, project=project)


def test_a_unit_test_has_its_own_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    results = [_result("unit_test.lakehouse.dim_date.days_have_weeks", "pass", None)]
    [node] = dbt.build(NAMES, project=_project(tmp_path, monkeypatch, results=results))
    assert (node.kind, node.name) == ("unit_test", "days_have_weeks")


def test_candidates_are_kept_as_long_as_the_messages_say() -> None:
    text = (MODELS / "publication" / "candidates.py").read_text()
    assert f"\nDAYS = {dbt.CANDIDATE_DAYS}\n" in text
    assert models.CANDIDATE_DAYS == dbt.CANDIDATE_DAYS


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


def _project(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    results: list[dict[str, object]] | None,
    reason: str | None = None,
) -> Path:
    """A project whose dbt answers with these results; None is a dbt that ends before it has any.

    Each model is published, or refused for a reason.
    """
    published = [
        {
            "id": result["unique_id"],
            "database": "curated",
            "name": str(result["unique_id"]).split(".")[-1],
            "candidate": str(result["unique_id"]).split(".")[-1] + "__0a1b",
            "state": "refused" if reason else "published",
            "reason": reason,
        }
        for result in results or []
        if str(result["unique_id"]).startswith("model.")
    ]
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
        f"(target / 'publication.json').write_text({json.dumps({'models': published})!r})\n"
    )
    monkeypatch.setenv(dbt.PYTHON, sys.executable)
    return project
