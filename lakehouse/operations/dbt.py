"""Build the curated zone with dbt, which runs in its own Python environment."""

import json
import os
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lakehouse.errors import LakehouseError
from lakehouse.lineage import build as lineage
from lakehouse.names import CANDIDATE_DAYS, Names, Zone

PROJECT = Path("models")
PYTHON = "LAKEHOUSE_DBT_PYTHON"
"""Setting: path of a Python with dbt; the default is `.venv-dbt` next to the project."""
PROFILE = "LAKEHOUSE_DBT_PROFILE"
"""Setting: AWS profile with which dbt assumes its role; by default dbt uses the credentials of this process."""
KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
FAILED = ("error", "fail")
PUBLISHED, REFUSED = "published", "refused"
PUBLICATION = "publication.json"
"""File in dbt's target folder; models/publication writes it."""
PARENT = "LAKEHOUSE_PARENT_RUN"
"""Setting: `job/run` that started this process, for the lineage of the models."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """What became of a model after its tests; models/publication decides it.

    Attributes:
        table: the table that people read.
        state: `published`, `unchanged` (it has these rows already) or `refused` (it keeps its old rows).
        reason: why it was refused.
        candidate: table with the refused rows, for three days; None if the model was not built.
    """

    table: str
    state: str
    reason: str | None = None
    candidate: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """The result of one model or test.

    Attributes:
        name: name of the model or test.
        kind: dbt's resource type, e.g. `model` or `test`.
        status: success, pass, warn, error, fail or skipped.
        seconds: execution time.
        message: dbt's message; None if there is none.
        publication: what became of a model; None for a test.
    """

    name: str
    kind: str
    status: str
    seconds: float
    message: str | None
    publication: Publication | None = None


def environment(names: Names, *, branch: str = "") -> dict[str, str]:
    """Return the environment variables that models/profiles.yml, models/dbt_project.yml and the sources read.

    Args:
        names: names of the deployment.
        branch: what is added to the names of the databases of integration and curated.
    """
    return {
        "LAKEHOUSE_REGION": names.region,
        "LAKEHOUSE_WORKGROUP": names.dbt_workgroup,
        "LAKEHOUSE_RESULTS": names.results_uri(names.dbt_workgroup),
        "LAKEHOUSE_BUCKET_INTEGRATION": names.bucket(Zone.INTEGRATION),
        "LAKEHOUSE_BUCKET_CURATED": names.bucket(Zone.CURATED),
        "LAKEHOUSE_DATABASE_RAW": names.database(Zone.RAW),
        "LAKEHOUSE_DATABASE_INTEGRATION": names.database(Zone.INTEGRATION) + branch,
        "LAKEHOUSE_DATABASE_CURATED": names.database(Zone.CURATED) + branch,
        "LAKEHOUSE_DATABASE_OPS": names.ops_database,
    }


def profile() -> str | None:
    """Return the AWS profile with which dbt assumes its role; None if dbt uses the credentials of this process."""
    return os.environ.get(PROFILE)


def _credentials() -> dict[str, str]:
    """Return the environment of this process in which the profile counts, also if it has keys, which come first."""
    if not (named := profile()):
        return dict(os.environ)
    kept = {name: value for name, value in os.environ.items() if name not in KEYS}
    return kept | {"AWS_PROFILE": named}


def build(names: Names, *, project: Path = PROJECT, target: Path | None = None, **options: Any) -> list[Node]:
    """Build and test the models as `run` does; a failure is an error. `target` is `<project>/target` if None.

    Raises:
        LakehouseError: dbt is not installed, cannot read the project, or a model or test failed; lists each failure,
            and each model whose table keeps its old rows.
    """
    target = target or project / "target"
    nodes = run(names, project=project, target=target, **options)
    failed, refused = _failures(nodes)
    if failed or refused:
        summary = (
            f"dbt: {len(failed)} of {len(nodes)} failed, {len(refused)} models were not published "
            f"(log: {target.resolve()}/logs/dbt.log)"
        )
        reasons = [f"  {node.kind} {node.name}: {node.message}" for node in failed]
        raise LakehouseError("\n".join([summary, *reasons, *map(_told, refused)]))
    return nodes


def run(
    names: Names,
    *,
    project: Path,
    target: Path,
    select: tuple[str, ...] = (),
    blocked: Iterable[str] = (),
    exactly: bool = False,
    parent: str | None = None,
    branch: str = "",
) -> list[Node]:
    """Build and test the models, and publish those that passed, and their lineage; return also those that failed.

    Args:
        names: names of the deployment.
        project: folder of the dbt project.
        target: folder for compiled models, logs and state.
        select: dbt selectors, e.g. `("+sales_by_region_month",)`; all models if empty.
        blocked: datasets that are blocked by their gates; models that depend on them are not rebuilt.
        exactly: run only the tests that `select` names, not all tests of the selected models.
        parent: `job/run` that started this build; None reads it from the environment.
        branch: what is added to the names of the databases that are built, see `lakehouse.operations.branch`. A build
            in a branch has no lineage.

    Returns:
        each model and test, in the order in which it finished.

    Raises:
        LakehouseError: dbt is not installed, or cannot read the project.
    """
    project, target = project.resolve(), target.resolve()
    excluded = [f"source:{zone}.{dataset}+" for dataset in sorted(blocked) for zone in (Zone.RAW, Zone.INTEGRATION)]
    results = target / "run_results.json"
    results.unlink(missing_ok=True)
    finished = subprocess.run(
        [
            *(interpreter(project), project / "run_dbt.py", "build"),
            *("--project-dir", project, "--profiles-dir", project),
            *("--target-path", target, "--log-path", target / "logs"),
            *(("--select", *select) if select else ()),
            *(("--exclude", *excluded) if excluded else ()),
            *(("--indirect-selection", "empty") if exactly else ()),
            # They test the SQL of models with fixtures, not the data.
            *("--exclude-resource-type", "unit_test"),
        ],
        env={
            **_credentials(),
            **environment(names, branch=branch),
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
            "DBT_USE_COLORS": "false",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    output = (finished.stdout + finished.stderr).strip()
    if not results.exists():
        raise LakehouseError(f"dbt could not start on {project}:\n{output}")
    if not (target / PUBLICATION).exists():
        raise LakehouseError(f"dbt ended, but nothing was published; readers see the last published rows:\n{output}")
    publications = _publications(target)
    if not branch:
        lineage.publish(
            names,
            target=target,
            profile=profile(),
            parent=parent or os.environ.get(PARENT),
            refused={key: model.reason or "" for key, model in publications.items() if model.state == REFUSED},
        )
    nodes = [_node(result, publications) for result in json.loads(results.read_text())["results"]]
    if finished.returncode and not any(_failures(nodes)):
        raise LakehouseError(f"dbt ended with exit code {finished.returncode}:\n{finished.stdout.strip()}")
    return nodes


def _failures(nodes: Sequence[Node]) -> tuple[list[Node], list[Publication]]:
    """Return the models and tests that failed, and the models that were refused."""
    refused = [node.publication for node in nodes if node.publication and node.publication.state == REFUSED]
    return [node for node in nodes if node.status in FAILED], refused


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


def _publications(target: Path) -> dict[str, Publication]:
    """Return what became of each model, by dbt's id."""
    return {
        model["id"]: Publication(
            table=f"{model['database']}.{model['name']}",
            state=model["state"],
            reason=model["reason"],
            candidate=model["candidate"] and f"{model['database']}.{model['candidate']}",
        )
        for model in json.loads((target / PUBLICATION).read_text())["models"]
    }


def _told(refused: Publication) -> str:
    text = f"  {refused.table} keeps its last published rows: {refused.reason}"
    return (
        f"{text}; the refused rows are in {refused.candidate} for {CANDIDATE_DAYS} days" if refused.candidate else text
    )


def _node(result: dict[str, object], publications: Mapping[str, Publication]) -> Node:
    unique_id = str(result["unique_id"])
    kind, _, *name = unique_id.split(".")
    seconds = result["execution_time"]
    assert isinstance(seconds, int | float)  # for a skipped node it is the integer 0
    message = result["message"]
    return Node(
        name=name[-1] if kind == "unit_test" else name[0],
        kind=kind,
        status=str(result["status"]),
        seconds=float(seconds),
        message=None if message is None else str(message),
        publication=publications.get(unique_id),
    )
