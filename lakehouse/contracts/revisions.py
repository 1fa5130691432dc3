"""Contracts as they were at a revision of Git."""

import subprocess
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

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
    commit = _git(folder, "rev-parse", "--verify", "--end-of-options", f"{revision}^{{commit}}").decode().strip()
    if not _git(folder, "ls-tree", commit, "--", "."):
        return []
    with ZipFile(BytesIO(_git(folder, "archive", "--format=zip", commit))) as archive:
        texts = {path: archive.read(path).decode("utf-8-sig", "replace") for path in sorted(archive.namelist())}
    return [
        parse_contract(text, path=f"{directory}@{revision}/{path}")
        for path, text in texts.items()
        if path.endswith(SUFFIX)
    ]


def text_at(revision: str, contract: Contract, directory: str | Path) -> str:
    """Return the text of a contract's file at the revision that `load_contracts_at` read it from."""
    path = contract.path.removeprefix(f"{directory}@{revision}/")
    return _git(Path(directory), "show", f"{revision}:./{path}").decode("utf-8-sig", "replace")


def _git(folder: Path, *arguments: str) -> bytes:
    try:
        done = subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, check=False)
    except FileNotFoundError as error:
        raise LakehouseError("git is not installed: earlier contracts are read from its history") from error
    if done.returncode:
        reason = done.stderr.decode(errors="replace").strip().removeprefix("fatal: ")
        raise LakehouseError(f"{folder}: git {arguments[0]}: {reason}")
    return done.stdout
