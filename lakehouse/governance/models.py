"""Read domain and classifications of the dbt models from `meta` in their YAML, which dbt's hook assigns as LF-Tags.

A model sets `config.meta.domain`, and `config.meta.classification` for all its columns; a column can set its own. A
column that is not listed is hidden.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from lakehouse.contracts.classification import UNCLASSIFIED, Classification
from lakehouse.contracts.violations import one_of
from lakehouse.errors import LakehouseError
from lakehouse.governance.tag_keys import DOMAIN
from lakehouse.governance.tags import Area, TaggedTable

ZONES = "zones"


def of_models(project: Path) -> list[TaggedTable]:
    """Return the tables that dbt builds, sorted by name.

    Args:
        project: folder of the dbt project; its models are in `zones/<zone>/`.

    Raises:
        LakehouseError: a classification does not exist, or a model has no domain; the message names file and model.
    """
    return sorted((_table(*described) for described in nodes(project)), key=lambda table: table.name)


def nodes(project: Path) -> Iterator[tuple[Path, Area, dict[str, Any]]]:
    """Yield what the YAML files of a project say of each model: file, zone and node; nothing without a project."""
    for area in (Area.INTEGRATION, Area.CURATED):
        for path in sorted((project / ZONES / area).glob("*.yml")):
            for node in yaml.safe_load(path.read_text(encoding="utf-8")).get("models", []):
                yield path, area, node


def sources(project: Path) -> list[tuple[str, str]]:
    """Return zone and table of each dbt source."""
    described = yaml.safe_load((project / ZONES / "sources.yml").read_text())["sources"]
    return [(source["name"], table["name"]) for source in described for table in source["tables"]]


def grain(project: Path, model: str) -> tuple[str, ...]:
    """Return the columns that identify a row of a model, by its test `unique_grain` or `unique`; none if it has none.

    Args:
        project: folder of the dbt project.
        model: name of a model, or of another table, which has none.
    """
    for _, _, node in nodes(project):
        if node["name"] == model:
            tests = [test["unique_grain"] for test in node.get("data_tests", []) if "unique_grain" in test]
            unique = [column["name"] for column in node["columns"] if "unique" in column.get("data_tests", [])]
            return tuple(tests[0]["arguments"]["columns"] if tests else unique[:1])
    return ()


def _table(path: Path, area: Area, model: dict[str, Any]) -> TaggedTable:
    where = f"{path}: model {model['name']}"
    meta = _meta(model)
    if not meta.get(DOMAIN):
        raise LakehouseError(f"{where} has no domain: write config: {{meta: {{domain: ...}}}}")
    own = _classification(meta, where=where, default=UNCLASSIFIED)
    return TaggedTable(
        area=area,
        name=model["name"],
        tags={DOMAIN: meta[DOMAIN]},
        columns={
            column["name"]: _classification(_meta(column), where=f"{where}, column {column['name']}", default=own)
            for column in model["columns"]
        },
    )


def _meta(node: dict[str, Any]) -> dict[str, Any]:
    meta: dict[str, Any] = node.get("config", {}).get("meta", {})
    return meta


def _classification(meta: dict[str, Any], *, where: str, default: Classification) -> Classification:
    value = meta.get("classification", default)
    if value not in list(Classification):
        raise LakehouseError(f"{where}: {value!r} is not a classification: {one_of(value, Classification)}")
    return Classification(value)
