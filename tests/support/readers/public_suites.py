"""Files of public test suites for CSV, JSON, Avro and Parquet, and the schemas of Power BI's files.

They are in no package and not in this repository.

`make fetch-public-suites` fetches them into `build/public-suites`, or into the folder that LAKEHOUSE_PUBLIC_SUITES
names: each suite at one commit, and only if its files have the checksum below.
"""

import hashlib
import io
import os
import re
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

ROOT = Path(os.environ.get("LAKEHOUSE_PUBLIC_SUITES", "build/public-suites"))
LARGEST = 2**20
"""Bytes of a file; larger ones of the suites are left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """A public repository with test files.

    Attributes:
        repository: owner and name on GitHub.
        commit: the commit that is read.
        files: pattern of the paths that are kept.
        checksum: SHA-256 of `checksum` over the kept files.
    """

    repository: str
    commit: str
    files: str
    checksum: str

    @property
    def folder(self) -> Path:
        return ROOT / self.repository.replace("/", "-") / self.commit


PARQUET = Suite(
    repository="apache/parquet-testing",
    commit="1a2a75127be06fc0123f03ebd36c966f7beda27d",
    files=r"(data|bad_data)/[^/]*\.parquet",
    checksum="9f66e70e2cdc41ee347121077de244861576a09dba3551b478a364a987c67175",
)
ARROW = Suite(
    repository="apache/arrow-testing",
    commit="9cfebfef8982fb8612e0a2c59059752bd32321a3",
    files=r"data/(avro/[^/]*\.avro|parquet/(.*/)?[^/]*)",
    checksum="31950c0f21f443ec7dd69f7590ba9b3adcc301a15ed952d2d001b686b058d494",
)
AVRO = Suite(
    repository="apache/avro",
    commit="87212a6d47247a30dff247d16386d722c56d4390",
    files=r"share/test/data/(.*/)?[^/]*\.(avro|avro12)",
    checksum="70499b9b22390c9202ccebe94168257fec6b40f48f53933f86c715958058ca83",
)
JSON = Suite(
    repository="nst/JSONTestSuite",
    commit="1ef36fa01286573e846ac449e8683f8833c5b26a",
    files=r"test_parsing/[^/]*\.json",
    checksum="7e8dccd1635abaf1aa4f03bcb9e752cf3aa790104411cf2416775e2f8ed3c63f",
)
CSV = Suite(
    repository="max-mapper/csv-spectrum",
    commit="d30e80f8b99d2eecb3778f1d7b9ed1cb425502ec",
    files=r"(csvs|json)/[^/]*\.(csv|json)",
    checksum="cd774976531a0db8f553fd6f5edfc9386754d993451a517e72ec6a3d966f56ad",
)
POWER_BI = Suite(
    repository="microsoft/json-schemas",
    commit="f891f5bfc1ce0030aa53d805d90881a1b8b07643",
    files=r"fabric/(pbip/|item/(report|semanticModel)/).*\.json",
    checksum="67137cac9cefd79a93eabdc68ae4da509dc4ffcb43b44f8fe6fcb3eb885bdc0a",
)
SUITES = (PARQUET, ARROW, AVRO, JSON, CSV, POWER_BI)


def files(suite: Suite, pattern: str) -> list[Path]:
    """Return the files of a suite that match a pattern; without the suite, none."""
    return sorted(path for path in suite.folder.glob(pattern) if path.is_file())


def needs(suite: Suite) -> pytest.MarkDecorator:
    """Skip a test if the suite was not fetched."""
    return pytest.mark.skipif(
        not suite.folder.is_dir(), reason=f"{suite.repository} is not in {ROOT}: run `make fetch-public-suites`"
    )


def keep(suite: Suite, archive: bytes) -> None:
    """Write the files of a suite from its archive, which has one folder at its top.

    Raises:
        ValueError: the files do not have the suite's checksum.
    """
    kept: dict[str, bytes] = {}
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        for member in tar:
            path = member.name.partition("/")[2]
            if member.isfile() and member.size <= LARGEST and re.fullmatch(suite.files, path):
                kept[path] = tar.extractfile(member).read()  # type: ignore[union-attr]
    found = checksum(kept)
    if found != suite.checksum:
        raise ValueError(
            f"{suite.repository} at {suite.commit}: expected files with checksum {suite.checksum}, got {found}"
        )
    for path, content in kept.items():
        (suite.folder / path).parent.mkdir(parents=True, exist_ok=True)
        (suite.folder / path).write_bytes(content)


def checksum(contents: dict[str, bytes]) -> str:
    """Return the checksum of files by their paths and contents."""
    lines = [f"{hashlib.sha256(content).hexdigest()}  {path}\n" for path, content in sorted(contents.items())]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def fetch() -> None:
    """Fetch the suites that are not there."""
    for suite in SUITES:
        if not suite.folder.is_dir():
            answer = requests.get(f"https://codeload.github.com/{suite.repository}/tar.gz/{suite.commit}", timeout=300)
            answer.raise_for_status()
            keep(suite, answer.content)
        sys.stdout.write(f"{suite.repository}: {len(files(suite, '**/*'))} files in {suite.folder}\n")


if __name__ == "__main__":
    fetch()
