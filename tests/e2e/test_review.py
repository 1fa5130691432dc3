"""`.ci/review-data` in a copy of the repository with a changed model, on the demo's data."""

import os
import shutil
import subprocess
from pathlib import Path

import boto3
import pytest

from lakehouse.names import Zone
from tests.support.demo.finished_demo import Demo
from tests.support.repository import ROOT

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
MART = Path("models/zones/curated/sales_by_region_month.sql")
PARTS = (".ci", "contracts", "lakehouse", "models", "reports", "stacks")
LINKS = (".venv", ".venv-dbt", "node_modules")


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository whose first commit has the parts of this one that the script needs."""
    folder = tmp_path_factory.mktemp("review")
    ignored = shutil.ignore_patterns("target", "logs", "__pycache__")
    for part in PARTS:
        shutil.copytree(ROOT / part, folder / part, ignore=ignored)
    shutil.copy(ROOT / "app.py", folder)
    for link in LINKS:
        (folder / link).symlink_to(ROOT / link)
    (folder / ".gitignore").write_text("target\n__pycache__\n" + "\n".join(LINKS))
    author = ("-c", "user.name=a", "-c", "user.email=a@b.c")
    for arguments in (["init", "-q"], ["add", "."], [*author, "commit", "-qm", "first"], ["tag", "first"]):
        subprocess.run(["git", "-C", str(folder), *arguments], check=True)
    return folder


def review(repository: Path) -> list[str]:
    done = subprocess.run(
        [repository / ".ci" / "review-data", "first"], capture_output=True, text=True, check=False, env=os.environ
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_a_pull_request_with_a_changed_model_gets_its_difference(finished: Demo, repository: Path) -> None:
    assert review(repository) == ["**Data**: no model reads what changed"]
    path = repository / MART
    sql = path.read_text()
    names = finished.lake.names
    table = boto3.client("glue").get_table(DatabaseName=names.database(Zone.CURATED), Name=MART.stem)["Table"]
    path.write_text(sql.rstrip() + "\nlimit 7\n")
    assert "test sales_by_region_month_adds_up" in review(repository)[-1]
    path.write_text(f"with mart as (\n{sql}\n)\n\nselect *, net_revenue / 2 as half from mart\n")
    *_, line = review(repository)
    rows = line.split("|")[4].strip()
    assert int(rows) > 20
    assert line == f"| `{MART.stem}` | 0 | 0 | {rows} | {line.split('|')[5].strip()} |"
    assert line.split("|")[5].strip().startswith("column half decimal")
    assert line.endswith(f"; half in {rows} |")
    after = boto3.client("glue").get_table(DatabaseName=names.database(Zone.CURATED), Name=MART.stem)["Table"]
    assert after["Parameters"] == table["Parameters"]
