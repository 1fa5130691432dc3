"""Read what the dbt project says about its models, without dbt."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lakehouse.governance.models import ZONES, nodes
from lakehouse.governance.tag_keys import DOMAIN

_BLOCK = re.compile(r"{%-?\s*docs\s+(\w+)\s*-?%}(.*?){%-?\s*enddocs\s*-?%}", re.DOTALL)
_DOC = re.compile(r"""{{\s*doc\(\s*['"](\w+)['"]\s*\)\s*}}""")


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelDoc:
    """One model.

    Attributes:
        name: `zone.table`.
        domain: its domain.
        owner: `config.meta.owner`; "" if not named.
        description: text for people.
        columns: description by column.
    """

    name: str
    domain: str
    owner: str
    description: str
    columns: Mapping[str, str]


def read(project: Path) -> dict[str, ModelDoc]:
    """Return the models of a dbt project by `zone.table`; a project that does not exist has none."""
    blocks = {
        name: text.strip()
        for path in sorted((project / ZONES).rglob("*.md"))
        for name, text in _BLOCK.findall(path.read_text(encoding="utf-8"))
    }
    return {model.name: model for model in sorted(_models(project, blocks), key=lambda model: model.name)}


def _models(project: Path, blocks: Mapping[str, str]) -> Iterator[ModelDoc]:
    def described(node: Mapping[str, Any]) -> str:
        text = _DOC.sub(lambda found: blocks.get(found[1], ""), str(node.get("description") or ""))
        return " ".join(text.split())

    for _, area, node in nodes(project):
        meta = node.get("config", {}).get("meta", {})
        yield ModelDoc(
            name=f"{area}.{node['name']}",
            domain=str(meta.get(DOMAIN) or ""),
            owner=str(meta.get("owner") or ""),
            description=described(node),
            columns={column["name"]: described(column) for column in node.get("columns", [])},
        )
