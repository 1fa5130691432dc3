"""What the dbt models say of their columns: `meta` of the models' YAML, which dbt's hook gives to Lake Formation.

A model says `config.meta.domain`, and `config.meta.classification` for its columns together; a column that differs
says its own. A column that is not listed is hidden.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from lakehouse.contracts.classification import UNCLASSIFIED, Classification
from lakehouse.contracts.violations import one_of
from lakehouse.errors import LakehouseError
from lakehouse.governance.tags import DOMAIN, Area, TaggedTable

ZONES = "zones"


def of_models(project: Path) -> list[TaggedTable]:
    """Tables that dbt builds, in the order of their names.

    Args:
        project: folder of the dbt project; its models stand in `zones/<zone>/`.

    Raises:
        LakehouseError: a model or column has a classification that does not exist, or a model no domain; says where.
    """
    tables = [
        table
        for area in (Area.INTEGRATION, Area.CURATED)
        for path in sorted((project / ZONES / area).glob("*.yml"))
        for table in _of_file(path, area)
    ]
    return sorted(tables, key=lambda table: table.name)


def sources(project: Path) -> list[tuple[str, str]]:
    """What the models are made of: zone and table of each of dbt's sources."""
    described = yaml.safe_load((project / ZONES / "sources.yml").read_text())["sources"]
    return [(source["name"], table["name"]) for source in described for table in source["tables"]]


def _of_file(path: Path, area: Area) -> Iterator[TaggedTable]:
    for model in yaml.safe_load(path.read_text())["models"]:
        where = f"{path}: model {model['name']}"
        meta = _meta(model)
        if not meta.get(DOMAIN):
            raise LakehouseError(f"{where}: has no domain: write config: {{meta: {{domain: ...}}}}")
        own = _classification(meta, where=where, default=UNCLASSIFIED)
        yield TaggedTable(
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
    given = meta.get("classification", default)
    if given not in list(Classification):
        raise LakehouseError(f"{where}: {given!r} is no classification: {one_of(given, Classification)}")
    return Classification(given)
