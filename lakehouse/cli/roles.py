"""The option that names a role, and the role that it names."""

from typing import Annotated

import typer

from lakehouse.contracts.violations import one_of
from lakehouse.errors import LakehouseError
from lakehouse.governance.roles import ROLES, Role

WorkgroupRole = Annotated[
    str, typer.Option("--role", envvar="LAKEHOUSE_ROLE", help=f"Role whose workgroup is used: {', '.join(ROLES)}.")
]
DEFAULT_ROLE = "analyst"


def role_named(name: str) -> Role:
    """Return a role.

    Raises:
        LakehouseError: there is no such role.
    """
    if name not in ROLES:
        raise LakehouseError(f"no role {name!r}: {one_of(name, ROLES)}")
    return ROLES[name]
