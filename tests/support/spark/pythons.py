"""Where this machine has a Python of some version.

python -m tests.support.spark.pythons 3.13      prints its path; exit code 1 where there is none
"""

import shutil
import subprocess
import sys
from pathlib import Path


def find(version: str) -> Path | None:
    """An interpreter of a version, e.g. `3.13`, that runs; None where there is none.

    pyenv's interpreters are looked for in its folder: its shims are on PATH for versions, too, that are switched off.
    """
    on_path = shutil.which(f"python{version}")
    pyenv = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python{version}"))
    return next((path for path in [*([Path(on_path)] if on_path else []), *pyenv] if _runs(path, version)), None)


def _runs(path: Path, version: str) -> bool:
    told = subprocess.run([path, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"], capture_output=True)
    return told.stdout.decode().strip() == version


if __name__ == "__main__":
    found = find(sys.argv[1])
    if found is None:
        raise SystemExit(1)
    print(found)  # noqa: T201
