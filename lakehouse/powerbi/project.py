"""Write a Power BI project: the same contracts and models always give the same bytes."""

import shutil
from collections.abc import Iterable
from pathlib import Path

from lakehouse.contracts.model import Contract
from lakehouse.errors import LakehouseError
from lakehouse.governance.roles import Role
from lakehouse.metrics import loader
from lakehouse.names import Names
from lakehouse.powerbi import report, rows, semantic_model, star
from lakehouse.powerbi.report import to_json
from lakehouse.powerbi.semantic_model import Mode

_FABRIC = "https://developer.microsoft.com/json-schemas/fabric"
TITLE = "lakehouse"
MARK = f"{TITLE}.pbip"


def files(contracts: Iterable[Contract], *, project: Path, role: Role, names: Names, mode: Mode) -> dict[str, str]:
    """Return the content of all files by path.

    Raises:
        LakehouseError: a contract, model or metric has something that cannot be shown right; names it.
    """
    metrics = loader.load(project)
    shown = star.read(project, metrics=metrics, role=role)
    if not shown.tables:
        raise LakehouseError(f"the role {role.name} sees no table of curated: build the report for another role")
    filters = {} if role.all_rows else rows.filters(contracts, star=shown, project=project)
    model, page = f"{TITLE}.SemanticModel", f"{TITLE}.Report"
    definition = semantic_model.files(shown, metrics, mode=mode, role=role, names=names, filters=filters)
    return {
        MARK: to_json(
            {
                "$schema": f"{_FABRIC}/pbip/pbipProperties/1.0.0/schema.json",
                "version": "1.0",
                "artifacts": [{"report": {"path": page}}],
                "settings": {"enableAutoRecovery": True},
            }
        ),
        f"{TITLE}.pbids": to_json(
            {
                "version": "0.1",
                "connections": [
                    {
                        "details": {"protocol": "odbc", "address": {"options": {"dsn": names.workgroup_of(role.name)}}},
                        "mode": "DirectQuery" if mode is Mode.DIRECT_QUERY else "Import",
                    }
                ],
            }
        ),
        f"{model}/definition.pbism": to_json(
            {
                "$schema": f"{_FABRIC}/item/semanticModel/definitionProperties/1.0.0/schema.json",
                "version": "4.2",
                "settings": {},
            }
        ),
        **{f"{model}/definition/{path}": content for path, content in definition.items()},
        f"{page}/definition.pbir": to_json(
            {
                "$schema": f"{_FABRIC}/item/report/definitionProperties/2.0.0/schema.json",
                "version": "4.0",
                "datasetReference": {"byPath": {"path": f"../{model}"}},
            }
        ),
        **{f"{page}/definition/{path}": content for path, content in report.files(shown, metrics).items()},
    }


def write(content: dict[str, str], output: Path) -> None:
    """Replace the project in a folder.

    Raises:
        LakehouseError: the folder has something else in it.
    """
    if output.exists() and any(output.iterdir()):
        if not (output / MARK).exists():
            raise LakehouseError(f"{output} is not empty and has no {MARK}: name another folder with --output")
        for part in (f"{TITLE}.SemanticModel", f"{TITLE}.Report"):
            shutil.rmtree(output / part, ignore_errors=True)
    for path, text in content.items():
        (output / path).parent.mkdir(parents=True, exist_ok=True)
        # With the same line ends everywhere, and without a byte order mark.
        (output / path).write_bytes(text.encode())
