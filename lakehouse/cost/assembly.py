"""Read the templates of a cloud assembly, the output of a synthesis of the CDK app."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lakehouse.errors import LakehouseError

Template = Mapping[str, Any]


def templates(folder: Path) -> dict[str, Template]:
    """Return templates by stack name, sorted; templates of nested stages are in folders of their own.

    Args:
        folder: the assembly, e.g. `cdk.out`.

    Raises:
        LakehouseError: the folder is not a cloud assembly.
    """
    manifest = folder / "manifest.json"
    if not manifest.exists():
        raise LakehouseError(f"{folder} is not a cloud assembly; `cdk synth` writes one to cdk.out")
    files = {
        # The name is missing if it equals the id of the artifact.
        artifact["properties"].get("stackName", name): artifact["properties"]["templateFile"]
        for name, artifact in json.loads(manifest.read_text())["artifacts"].items()
        if artifact["type"] == "aws:cloudformation:stack"
    }
    return {name: json.loads((folder / files[name]).read_text()) for name in sorted(files)}


def deployments(folder: Path) -> dict[str, dict[str, Template]]:
    """Return the templates of each stage, e.g. `dev-minimal`, in an assembly of all environments and profiles.

    Args:
        folder: output of a synthesis with `-c environment=all`.
    """
    prefix = "assembly-"
    return {path.name.removeprefix(prefix): templates(path) for path in sorted(folder.glob(f"{prefix}*"))}
