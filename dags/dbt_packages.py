"""Pack dbt for the workers of Amazon MWAA: `python -m dags.dbt_packages FILE`.

The archive has the locked packages of models/requirements.txt, installed for the Python and the platform of MWAA's
image. A worker unpacks it in seconds; an installation from a cold CodeArtifact may take longer than MWAA waits.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from lakehouse.errors import LakehouseError

REPOSITORY = Path(__file__).resolve().parents[1]
PYTHON, PLATFORM = "3.12", "x86_64-manylinux_2_28"
"""Of Airflow 3.2.1 in MWAA. Source: github.com/aws/amazon-mwaa-docker-images, images/airflow/3.2.1/Dockerfile-base."""


def pack(archive: Path) -> None:
    """Write the archive.

    Args:
        archive: path of the ZIP file.

    Raises:
        LakehouseError: a package has no wheel for that platform, or could not be fetched.
    """
    with tempfile.TemporaryDirectory(prefix="lakehouse-dbt-") as folder:
        target = Path(folder) / "packages"
        command = ["uv", "pip", "install", "--quiet", "--no-deps", "--require-hashes", "--only-binary", ":all:"]
        command += ["--python-version", PYTHON, "--python-platform", PLATFORM, "--target", str(target)]
        command += ["-r", str(REPOSITORY / "models" / "requirements.txt")]
        process = subprocess.run(command, capture_output=True, text=True, check=False)
        if process.returncode:
            raise LakehouseError(f"dbt's packages cannot be installed for MWAA: {process.stderr.strip()}")
        archive.parent.mkdir(parents=True, exist_ok=True)
        shutil.make_archive(str(archive.with_suffix("")), "zip", target)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path, help="the archive, which ends with .zip")
    try:
        pack(parser.parse_args().file)
    except LakehouseError as error:
        sys.exit(str(error))
