"""Put the jars that a list pins on the class path of the Spark that an environment has.

python -m tests.support.spark.jars tests/spark/jars-4.1.txt .venv-spark-4.1

Maven fetches them from Maven Central; one whose SHA-512 is not the pinned one is thrown away. They stand among Spark's
own jars, as on a Glue worker, so that a session needs no argument to find them.
"""

import hashlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path


def main() -> None:
    listed, environment = map(Path, sys.argv[1:])
    [folder] = environment.glob("lib/python*/site-packages/pyspark/jars")
    for old in folder.glob("iceberg-*.jar"):
        old.unlink()
    for artifact, digest in pinned(listed):
        fetch(artifact, digest, folder=folder)


def pinned(listed: Path) -> Iterator[tuple[str, str]]:
    """Artifacts of a list, `group:artifact:version`, with their SHA-512."""
    for line in listed.read_text().splitlines():
        if not line.startswith("#"):
            artifact, digest = line.split()
            yield artifact, digest


def fetch(artifact: str, digest: str, *, folder: Path) -> Path:
    """Copy an artifact's file into a folder, and return its path.

    Raises:
        SystemExit: it cannot be had, or is not what was pinned.
    """
    copy = ["mvn", "-q", "-B", "-ntp", "dependency:copy", f"-Dartifact={artifact}", f"-DoutputDirectory={folder}"]
    # Maven writes codes of a terminal to both, whatever it is told.
    run = subprocess.run(copy, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if run.returncode:
        raise SystemExit(f"{run.stdout}\n{artifact}: Maven cannot fetch it; it needs Java 17 and Maven Central")
    _, name, version, *rest = artifact.split(":")  # then the packaging and the classifier, if any
    file = folder / f"{'-'.join([name, version, *rest[1:]])}.{(rest or ['jar'])[0]}"
    with file.open("rb") as content:
        found = hashlib.file_digest(content, "sha512").hexdigest()
    if found != digest:
        file.unlink()
        raise SystemExit(f"{artifact}: its SHA-512 is {found}, pinned is {digest}: find out why before you trust it")
    return file


if __name__ == "__main__":
    main()
