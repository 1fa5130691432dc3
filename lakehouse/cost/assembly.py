"""A cloud assembly, which is what a synthesis of the CDK app writes: its templates."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lakehouse.errors import LakehouseError

Template = Mapping[str, Any]


def templates(folder: Path) -> dict[str, Template]:
    """Templates by stack name, in its order; those of nested stages have folders of their own.

    Args:
        folder: the assembly, e.g. `cdk.out`.

    Raises:
        LakehouseError: it is none.
    """
    manifest = folder / "manifest.json"
    if not manifest.exists():
        raise LakehouseError(f"{folder}: is no cloud assembly; `cdk synth` writes one to cdk.out")
    files = {
        # Named where it is not the artifact's own id.
        artifact["properties"].get("stackName", name): artifact["properties"]["templateFile"]
        for name, artifact in json.loads(manifest.read_text())["artifacts"].items()
        if artifact["type"] == "aws:cloudformation:stack"
    }
    return {name: json.loads((folder / files[name]).read_text()) for name in sorted(files)}


def deployments(folder: Path) -> dict[str, dict[str, Template]]:
    """Templates by stack name, of each stage in an assembly of all environments and profiles, e.g. `dev-minimal`.

    Args:
        folder: what a synthesis with `-c environment=all` wrote.
    """
    prefix = "assembly-"
    return {path.name.removeprefix(prefix): templates(path) for path in sorted(folder.glob(f"{prefix}*"))}
