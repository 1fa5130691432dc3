"""Templates of an environment at any commit, made by the CDK CLI in a process of its own."""

import os
import shutil
import subprocess
import sys
import tarfile
from io import BytesIO
from pathlib import Path

from lakehouse.errors import LakehouseError


def synthesize(repository: Path, *, environment: str, profile: str | None, out: Path) -> Path:
    """Run `cdk synth`.

    Args:
        repository: where app.py is.
        environment: `dev`, `staging` or `prod`.
        profile: `standard` or `minimal`; None is the environment's own.
        out: where the templates go.

    Returns:
        `out`.

    Raises:
        LakehouseError: no CDK CLI, or it failed; ends with what it printed last.
    """
    tools = f"{Path.cwd() / 'node_modules' / '.bin'}{os.pathsep}{os.environ.get('PATH', '')}"
    cdk = shutil.which("cdk", path=tools)
    if cdk is None or not (repository / "app.py").exists():
        raise LakehouseError(
            "templates are synthesized in a checkout of the repository with the CDK CLI: run `make setup` there, or "
            "give those that exist by --templates"
        )
    context = ["-c", f"environment={environment}", *(["-c", f"profile={profile}"] if profile else [])]
    finished = subprocess.run(
        [cdk, "synth", "--quiet", "--no-notices", "--app", f"{sys.executable} app.py", "--output", str(out), *context],
        cwd=repository,
        # Prices need no rules: who deploys checks them.
        env=os.environ | {"CDK_VALIDATION": "false", "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    if finished.returncode:
        raise LakehouseError(f"`cdk synth` of {environment} failed:\n{finished.stderr.strip()[-2000:]}")
    return out


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
    archive = subprocess.run(["git", "archive", "--format=tar", ref], capture_output=True, check=False)
    if archive.returncode:
        raise LakehouseError(f"`git archive {ref}` failed: {archive.stderr.decode().strip()}")
    with tarfile.open(fileobj=BytesIO(archive.stdout)) as files:
        files.extractall(folder, filter="data")
    return folder
