"""The Python packages of a job: wheels and zip files from S3, each unpacked once."""

import io
import shutil
import threading
import zipfile
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

from emulator.runtime import plugin

SESSION = "GlueJobRunnerSession"
"""Name of the sessions in which Glue runs jobs."""

_lock = threading.Lock()


def package_uris(arguments: Mapping[str, str]) -> list[str]:
    """Return the packages in S3 that a job's arguments name.

    Glue installs `--additional-python-modules` with pip. Here a job uses the environment of the emulator: wheels from
    S3 come first on the search path, and every other module must be installed in the environment.

    Raises:
        ModuleNotFoundError: a module is not installed in this environment, or in another version.
    """
    uris = _comma_separated(arguments, "--extra-py-files")
    for module in _comma_separated(arguments, "--additional-python-modules"):
        if module.startswith("s3://"):
            uris.append(module)
        else:
            _require(Requirement(module))
    return uris


def package(uri: str, *, role: str | None = None) -> Path:
    """Return a folder with the contents of a wheel or zip file, unpacked once, because imports from a zip are slow."""
    data, tag = download(uri, role=role)
    name = uri.rpartition("/")[2]
    folder = plugin.root / "packages" / f"{name}-{tag}"
    with _lock:
        if not folder.exists():
            new = folder.with_name(f"{folder.name}.new")
            shutil.rmtree(new, ignore_errors=True)
            new.mkdir(parents=True)
            if name.endswith(".py"):
                (new / name).write_bytes(data)
            else:
                zipfile.ZipFile(io.BytesIO(data)).extractall(new)
            new.rename(folder)
    return folder


def download(uri: str, *, role: str | None = None) -> tuple[bytes, str]:
    """Return an object that a job's definition names, and its ETag.

    Args:
        uri: location of the object.
        role: ARN of the role that reads it; None: the caller of the current request.

    Raises:
        FileNotFoundError: the object does not exist.
    """
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    s3: Any = plugin.client("s3", role=role, session=SESSION)
    try:
        answer = s3.get_object(Bucket=bucket, Key=key)
    except (s3.exceptions.NoSuchKey, s3.exceptions.NoSuchBucket) as missing:
        raise FileNotFoundError(f"{uri} does not exist; the job's definition names it") from missing
    return answer["Body"].read(), answer["ETag"].strip('"')


def _comma_separated(arguments: Mapping[str, str], name: str) -> list[str]:
    return [part.strip() for part in arguments.get(name, "").split(",") if part.strip()]


def _require(requirement: Requirement) -> None:
    try:
        installed = metadata.version(requirement.name)
    except metadata.PackageNotFoundError:
        installed = None
    if installed is None or not requirement.specifier.contains(installed, prereleases=True):
        raise ModuleNotFoundError(
            f"--additional-python-modules names {requirement}; the environment of the emulator has {installed}"
        )
