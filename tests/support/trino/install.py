"""Install the Trino whose artifacts a list pins: `python -m tests.support.trino.install LIST FOLDER`.

Maven fetches them from Maven Central. The server goes into the folder, each plug-in into its `plugin/`.
"""

import shutil
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

from tests.support.spark.jars import fetch, pinned


def main() -> None:
    listed, folder = map(Path, sys.argv[1:])
    shutil.rmtree(folder, ignore_errors=True)
    with tempfile.TemporaryDirectory() as downloads:
        for artifact, digest in pinned(listed):
            file = fetch(artifact, digest, folder=Path(downloads))
            if file.suffix == ".zip":
                with zipfile.ZipFile(file) as plugin:
                    plugin.extractall(folder / "plugin")  # noqa: S202 - its SHA-512 is pinned
            else:
                with tarfile.open(file) as server:
                    server.extractall(downloads, filter="data")
                shutil.move(Path(downloads) / file.name.removesuffix(".tar.gz"), folder)
            file.unlink()


if __name__ == "__main__":
    main()
