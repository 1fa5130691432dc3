"""Synthesize the templates of the app at any commit, in a separate process: this module does not import the CDK."""

import json
import os
import subprocess
import sys
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from lakehouse.errors import LakehouseError

ACCOUNT = "123456789012"
"""AWS's example account: compared templates must not depend on the current credentials."""


def synthesize(repository: Path, *, region: str, out: Path, **context: str) -> Path:
    """Run the CDK app as `cdk synth` does.

    Args:
        repository: folder with app.py and cdk.json.
        region: AWS region of the templates.
        out: folder for the cloud assembly.
        context: values that replace those of cdk.json, e.g. `environment="prod"`.

    Returns:
        `out`.

    Raises:
        LakehouseError: there is no app, or it failed; the message ends with its last output.
    """
    environment = os.environ | {
        "CDK_OUTDIR": str(out),
        "CDK_CONTEXT_JSON": json.dumps(context_of(repository) | context),
        "CDK_DEFAULT_ACCOUNT": ACCOUNT,
        "CDK_DEFAULT_REGION": region,
        # A deployment validates the templates; here loading CloudFormation's rules would take half of the time.
        "CDK_VALIDATION": "false",
        "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "20",
    }
    finished = subprocess.run(
        [sys.executable, "app.py"], cwd=repository, env=environment, capture_output=True, text=True, check=False
    )
    if finished.returncode:
        raise LakehouseError(f"synthesis of {context} in {repository} failed:\n{finished.stderr.strip()[-2000:]}")
    return out


def context_of(repository: Path) -> dict[str, Any]:
    """Return the context of the app in cdk.json.

    Raises:
        LakehouseError: there is no cdk.json.
    """
    settings = repository / "cdk.json"
    if not settings.exists():
        raise LakehouseError(f"no cdk.json in {repository.absolute()}: run this in a checkout of the repository")
    context: dict[str, Any] = json.loads(settings.read_text())["context"]
    return context


def checkout(ref: str, *, folder: Path) -> Path:
    """Unpack a commit of the repository in the working directory, without touching its work tree.

    Args:
        ref: commit, branch or tag.
        folder: where the files go.

    Returns:
        `folder`.

    Raises:
        LakehouseError: git does not know the commit.
    """
    archive = subprocess.run(["git", "archive", "--format=zip", ref], capture_output=True, check=False)
    if archive.returncode:
        raise LakehouseError(f"`git archive {ref}` failed: {archive.stderr.decode().strip()}")
    ZipFile(BytesIO(archive.stdout)).extractall(folder)
    return folder
