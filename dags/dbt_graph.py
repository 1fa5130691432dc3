"""Read the models, tests and their dependencies from dbt's manifest.

Source: dbt documentation, "Manifest JSON file".
"""

import json
import os
import subprocess
import tempfile
from collections.abc import Iterable, Mapping
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

from dags.plan import Model
from lakehouse.errors import LakehouseError
from lakehouse.names import Names, Zone
from lakehouse.operations import dbt

ZONES = (Zone.RAW, Zone.INTEGRATION)
"""dbt sources whose tables are datasets."""


def parse(project: Path, python: Path) -> list[Model]:
    """Parse a project with dbt; this needs neither a connection nor the names of a real deployment.

    Args:
        project: folder of the dbt project.
        python: path of a Python with dbt.

    Raises:
        LakehouseError: dbt cannot parse the project; contains dbt's message.
    """
    names = Names(environment="dev", account="000000000000", region="eu-central-1")
    with tempfile.TemporaryDirectory() as target:
        places = ("--project-dir", project, "--profiles-dir", project, "--target-path", target, "--log-path", target)
        finished = subprocess.run(
            [python, project / "run_dbt.py", "--quiet", "parse", *places],
            env={**os.environ, **dbt.environment(names)},
            capture_output=True,
            text=True,
            check=False,
        )
        if finished.returncode:
            raise LakehouseError(f"dbt cannot parse {project}:\n{(finished.stdout + finished.stderr).strip()}")
        return models(json.loads((Path(target) / "manifest.json").read_text()))


def models(manifest: Mapping[str, Any]) -> list[Model]:
    """Return the models of a manifest, each after those that it waits for.

    A test that reads several models belongs to the last of them, and that model waits for the others. So each test
    reads all its models as the same run has built them.
    """
    nodes, sources = manifest["nodes"], manifest["sources"]
    reads = {key: list(node["depends_on"]["nodes"]) for key, node in nodes.items() if node["resource_type"] == "model"}
    order = list(TopologicalSorter({key: _of(reads, needs) for key, needs in sorted(reads.items())}).static_order())
    tests: dict[str, list[str]] = {key: [] for key in reads}
    for _, node in sorted(nodes.items()):
        if node["resource_type"] == "test" and (parents := _of(reads, node["depends_on"]["nodes"])):
            last = max(parents, key=order.index)
            tests[last].append(node["name"])
            reads[last] += node["depends_on"]["nodes"]
    return [
        Model(
            name=nodes[key]["name"],
            datasets=tuple(sorted({sources[need]["name"] for need in reads[key] if _is_dataset(sources.get(need))})),
            waits_for=tuple(sorted({nodes[need]["name"] for need in _of(reads, reads[key]) if need != key})),
            tests=tuple(tests[key]),
            description=" ".join(nodes[key]["description"].split()),
        )
        for key in order
    ]


def _of(models: Mapping[str, object], nodes: Iterable[str]) -> list[str]:
    return [node for node in nodes if node in models]


def _is_dataset(source: Mapping[str, str] | None) -> bool:
    return source is not None and source["source_name"] in ZONES
