"""Read what dbt has done: its manifest and its results.

Source: dbt documentation, "Manifest JSON file" and "Run results JSON file".
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .refusals import Test, order

Node = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A model that a build was asked for.

    Attributes:
        id: dbt's unique id.
        database, name: its published table.
        candidate: name of the table that this build has made, in the same database.
        status: dbt's result.
        node: its entry in the manifest.
    """

    id: str
    database: str
    name: str
    candidate: str
    status: str
    node: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """One run of dbt.

    Attributes:
        invocation: dbt's id of the run.
        models: the models that it was asked for, each after those that it reads.
        parents: for each model of the project, the models that it reads directly or through ephemeral models.
        tests: results of the tests.
    """

    invocation: str
    models: tuple[Model, ...]
    parents: Mapping[str, tuple[str, ...]]
    tests: tuple[Test, ...]

    @property
    def statuses(self) -> dict[str, str]:
        """Result of each model."""
        return {model.id: model.status for model in self.models}


def read(target: Path) -> Build:
    """Read the results in dbt's target folder."""
    manifest, results = (json.loads((target / f"{name}.json").read_text()) for name in ("manifest", "run_results"))
    return of_documents(manifest, results)


def of_documents(manifest: Mapping[str, Any], results: Mapping[str, Any]) -> Build:
    """Return the build that dbt's documents describe."""
    nodes: Mapping[str, Node] = manifest["nodes"]
    models = {key: node for key, node in nodes.items() if node["resource_type"] == "model"}
    tables = {key for key, node in models.items() if node["config"]["materialized"] != "ephemeral"}
    parents = {key: _tables(models, node, tables=tables) for key, node in models.items()}
    invocation = results["metadata"]["invocation_id"]
    built = {
        result["unique_id"]: _model(models[result["unique_id"]], status=result["status"], invocation=invocation)
        for result in results["results"]
        if result["unique_id"] in tables
    }
    tests = [
        _test(node, result, models=models, tables=tables)
        for result in results["results"]
        if (node := nodes.get(result["unique_id"]) or manifest.get("unit_tests", {}).get(result["unique_id"]))
        and node["resource_type"] in ("test", "unit_test")
    ]
    return Build(
        invocation=invocation,
        models=tuple(built[key] for key in order(built, parents=parents)),
        parents=parents,
        tests=tuple(tests),
    )


def candidate_name(name: str, invocation: str) -> str:
    """Return the name of a candidate; models/macros/candidates.sql makes the same."""
    return f"{name}__{invocation[:8]}"


def _model(node: Node, *, status: str, invocation: str) -> Model:
    name = node["alias"].lower()
    return Model(
        id=node["unique_id"],
        database=node["schema"].lower(),
        name=name,
        candidate=candidate_name(name, invocation),
        status=status,
        node=node,
    )


def _test(node: Node, result: Mapping[str, Any], *, models: Mapping[str, Node], tables: set[str]) -> Test:
    return Test(
        name=node["name"],
        status=result["status"],
        message=" ".join((result["message"] or "").split()),
        parents=_tables(models, node, tables=tables),
        attached=node.get("attached_node"),
    )


def _tables(models: Mapping[str, Node], node: Node, *, tables: set[str]) -> tuple[str, ...]:
    """Return the models with a table that a node reads; an ephemeral model stands for what it reads itself."""
    found: dict[str, None] = {}
    for key in node["depends_on"]["nodes"]:
        if key in tables:
            found[key] = None
        elif key in models:
            found |= dict.fromkeys(_tables(models, models[key], tables=tables))
    return tuple(found)
