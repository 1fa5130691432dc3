"""The Python packages of a job: wheels and zips from S3, each unpacked once."""

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

_lock = threading.Lock()


def package_uris(arguments: Mapping[str, str]) -> list[str]:
    """The packages in S3 that a job's arguments name.

    Glue installs `--additional-python-modules` with pip. Here a job shares the environment of the embedded AWS: a wheel
    from S3 is put before it, and what else is named must be in it.

    Raises:
        ModuleNotFoundError: a module is named that this environment lacks, or has in another version.
    """
    uris = _listed(arguments, "--extra-py-files")
    for module in _listed(arguments, "--additional-python-modules"):
        if module.startswith("s3://"):
            uris.append(module)
        else:
            _require(Requirement(module))
    return uris


def package(uri: str) -> Path:
    """A folder with the contents of a wheel or zip, made once for each: an import from a zip is slow every time."""
    data, tag = download(uri)
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


def download(uri: str) -> tuple[bytes, str]:
    """An object that a job's definition names, and its ETag.

    Raises:
        FileNotFoundError: there is none.
    """
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    s3: Any = plugin.client("s3")
    try:
        answer = s3.get_object(Bucket=bucket, Key=key)
    except (s3.exceptions.NoSuchKey, s3.exceptions.NoSuchBucket) as missing:
        raise FileNotFoundError(f"{uri} does not exist, which the job's definition names") from missing
    return answer["Body"].read(), answer["ETag"].strip('"')


def _listed(arguments: Mapping[str, str], name: str) -> list[str]:
    return [part.strip() for part in arguments.get(name, "").split(",") if part.strip()]


def _require(requirement: Requirement) -> None:
    try:
        installed = metadata.version(requirement.name)
    except metadata.PackageNotFoundError:
        installed = None
    if installed is None or not requirement.specifier.contains(installed, prereleases=True):
        raise ModuleNotFoundError(
            f"--additional-python-modules names {requirement}; the environment of the embedded AWS has {installed}"
        )
