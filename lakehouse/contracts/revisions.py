"""Contracts as they were at a revision of Git."""

import subprocess
from pathlib import Path

from lakehouse.contracts.loader import parse_contract
from lakehouse.contracts.model import Contract
from lakehouse.contracts.odcs.reader import SUFFIX
from lakehouse.errors import LakehouseError


def load_contracts_at(revision: str, directory: str | Path) -> list[Contract]:
    """Return the contracts of a folder at a revision; none if it had no such folder.

    Args:
        revision: commit, branch or tag, such as `origin/main`.
        directory: folder of contracts in a checkout of the repository.

    Raises:
        LakehouseError: the folder is in no repository, there is no such revision, or a contract of then has violations.
    """
    folder = Path(directory)
    if not folder.is_dir():
        raise LakehouseError(f"{directory}: no such folder of contracts; choose another folder with --contracts")
    commit = _git(folder, "rev-parse", "--verify", "--end-of-options", f"{revision}^{{commit}}").strip()
    paths = _git(folder, "ls-tree", "-rz", "--name-only", commit, "--", ".").split("\0")
    return [
        parse_contract(_git(folder, "cat-file", "blob", f"{commit}:./{path}"), path=f"{directory}@{revision}/{path}")
        for path in sorted(paths)
        if path.endswith(SUFFIX)
    ]


def _git(folder: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, check=False)
    except FileNotFoundError as error:
        raise LakehouseError("git is not installed: earlier contracts are read from its history") from error
    if done.returncode:
        reason = done.stderr.decode(errors="replace").strip().removeprefix("fatal: ")
        raise LakehouseError(f"{folder}: git {arguments[0]}: {reason}")
    return done.stdout.decode("utf-8-sig", errors="replace")
