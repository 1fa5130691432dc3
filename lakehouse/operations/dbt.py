"""Build the curated zone with dbt, which runs in its own Python environment."""

import json
import os
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from lakehouse.errors import LakehouseError
from lakehouse.lineage import build as lineage
from lakehouse.names import Names, Zone

PROJECT = Path("models")
PYTHON = "LAKEHOUSE_DBT_PYTHON"
"""Setting: path of a Python with dbt; the default is `.venv-dbt` next to the project."""
PROFILE = "LAKEHOUSE_DBT_PROFILE"
"""Setting: AWS profile with which dbt assumes its role; by default dbt uses the credentials of this process."""
KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
PARENT = "LAKEHOUSE_PARENT_RUN"
"""Setting: `job/run` that started this process, for the lineage of the models."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """The result of one model or test.

    Attributes:
        name: name of the model or test.
        kind: dbt's resource type, e.g. `model` or `test`.
        status: success, pass, warn, error, fail or skipped.
        seconds: execution time.
        message: dbt's message; None if there is none.
    """

    name: str
    kind: str
    status: str
    seconds: float
    message: str | None


def environment(names: Names) -> dict[str, str]:
    """Return the environment variables that models/profiles.yml, models/dbt_project.yml and the sources read."""
    return {
        "LAKEHOUSE_REGION": names.region,
        "LAKEHOUSE_WORKGROUP": names.dbt_workgroup,
        "LAKEHOUSE_RESULTS": names.results_uri(names.dbt_workgroup),
        "LAKEHOUSE_BUCKET_INTEGRATION": names.bucket(Zone.INTEGRATION),
        "LAKEHOUSE_BUCKET_CURATED": names.bucket(Zone.CURATED),
        "LAKEHOUSE_DATABASE_RAW": names.database(Zone.RAW),
        "LAKEHOUSE_DATABASE_INTEGRATION": names.database(Zone.INTEGRATION),
        "LAKEHOUSE_DATABASE_CURATED": names.database(Zone.CURATED),
        "LAKEHOUSE_DATABASE_OPS": names.ops_database,
    }


def _credentials(profile: str | None) -> dict[str, str]:
    """Return the environment of this process in which a profile counts, also if it has keys, which come first."""
    if not profile:
        return dict(os.environ)
    kept = {name: value for name, value in os.environ.items() if name not in KEYS}
    return kept | {"AWS_PROFILE": profile}


def build(
    names: Names,
    *,
    project: Path = PROJECT,
    target: Path | None = None,
    select: tuple[str, ...] = (),
    blocked: Iterable[str] = (),
    exactly: bool = False,
    parent: str | None = None,
) -> list[Node]:
    """Build and test the models, and publish their lineage.

    Args:
        names: names of the deployment.
        project: folder of the dbt project.
        target: folder for compiled models, logs and state; `<project>/target` if None.
        select: dbt selectors, e.g. `("+sales_by_region_month",)`; all models if empty.
        blocked: datasets that are blocked by their gates; models that depend on them are not rebuilt.
        exactly: run only the tests that `select` names, not all tests of the selected models.
        parent: `job/run` that started this build; None reads it from the environment.

    Returns:
        each model and test, in the order in which it finished.

    Raises:
        LakehouseError: dbt is not installed, cannot read the project, or a model or test failed; lists each failure.
    """
    project, target = project.resolve(), (target or project / "target").resolve()
    excluded = [f"source:{zone}.{dataset}+" for dataset in sorted(blocked) for zone in (Zone.RAW, Zone.INTEGRATION)]
    results = target / "run_results.json"
    results.unlink(missing_ok=True)
    profile = os.environ.get(PROFILE)
    finished = subprocess.run(
        [
            *(interpreter(project), project / "run_dbt.py", "build"),
            *("--project-dir", project, "--profiles-dir", project),
            *("--target-path", target, "--log-path", target / "logs"),
            *(("--select", *select) if select else ()),
            *(("--exclude", *excluded) if excluded else ()),
            *(("--indirect-selection", "empty") if exactly else ()),
        ],
        env={
            **_credentials(profile),
            **environment(names),
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
            "DBT_USE_COLORS": "false",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    if not results.exists():
        raise LakehouseError(f"dbt could not start on {project}:\n{(finished.stdout + finished.stderr).strip()}")
    lineage.publish(names, target=target, profile=profile, parent=parent or os.environ.get(PARENT))
    nodes = [_node(result) for result in json.loads(results.read_text())["results"]]
    if failed := [node for node in nodes if node.status in ("error", "fail")]:
        reasons = "\n".join(f"  {node.kind} {node.name}: {node.message}" for node in failed)
        raise LakehouseError(f"dbt: {len(failed)} of {len(nodes)} failed (log: {target}/logs/dbt.log)\n{reasons}")
    if finished.returncode:
        raise LakehouseError(f"dbt ended with exit code {finished.returncode}:\n{finished.stdout.strip()}")
    return nodes


def interpreter(project: Path = PROJECT) -> Path:
    """Return the path of the Python with dbt.

    Raises:
        LakehouseError: it does not exist.
    """
    project = project.resolve()
    path = Path(os.environ.get(PYTHON, project.parent / ".venv-dbt" / "bin" / "python"))
    if not path.is_file():
        raise LakehouseError(
            f"dbt is not installed: {path} does not exist; run `make setup`, or set {PYTHON} to a Python with dbt"
        )
    return path


def _node(result: dict[str, object]) -> Node:
    kind, _, name = str(result["unique_id"]).split(".")[:3]
    seconds = result["execution_time"]
    assert isinstance(seconds, int | float)  # for a skipped node it is the integer 0
    message = result["message"]
    return Node(
        name=name,
        kind=kind,
        status=str(result["status"]),
        seconds=float(seconds),
        message=None if message is None else str(message),
    )
