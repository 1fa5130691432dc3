"""The columns that each role must see: the classifications again, and contracts read without the project's reader."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

STEPS = ["public", "internal", "confidential", "restricted"]
ROLES = {
    # What a role reads, the highest step that it sees there.
    "analyst": ({"curated"}, "internal"),
    "engineer": ({"raw", "integration", "curated"}, "confidential"),
    "steward": ({"raw", "integration", "curated"}, "restricted"),
    "operator": ({"raw", "integration"}, "restricted"),
    "auditor": (set[str](), "public"),
}
ADDED = {"_record", "_errors"}  # hold what was refused, whatever column it was in


def sees(role: str, *, zone: str, classification: str) -> bool:
    zones, highest = ROLES[role]
    return zone in zones and STEPS.index(classification) <= STEPS.index(highest)


def of_contracts(folder: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """Each dataset with the classification of its columns; one that a contract leaves open is restricted."""
    for path in sorted(folder.rglob("*.odcs.yaml")):
        [dataset] = yaml.safe_load(path.read_text())["schema"]
        said = {item["name"]: item.get("classification", "restricted") for item in dataset["properties"]}
        highest = max(said.values(), key=STEPS.index)
        yield dataset["name"], said | dict.fromkeys(ADDED, highest)


def of_models(project: Path) -> Iterator[tuple[str, str, dict[str, str]]]:
    """Zone, name and classification of the columns of each dbt model, from its meta."""
    for path in sorted(project.glob("zones/*/*.yml")):
        for model in yaml.safe_load(path.read_text())["models"]:
            own = model["config"]["meta"]["classification"]
            columns: dict[str, Any] = {
                column["name"]: column.get("config", {}).get("meta", {}).get("classification", own)
                for column in model["columns"]
            }
            yield path.parent.name, model["name"], columns
