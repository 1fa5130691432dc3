"""People's roles and what each may see. The table of docs/governance.md is this one; a test compares them."""

from collections.abc import Mapping
from dataclasses import dataclass

from lakehouse.contracts.classification import Classification
from lakehouse.governance.tags import Area, TaggedTable


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """What people of one kind may see.

    Args:
        name: `analyst` and the like, last part of the role's and its workgroup's names.
        reads: areas whose tables it reads.
        up_to: the most confidential columns that it sees there.
        all_rows: whether row filters do not hold for it.
        describes: areas whose databases, tables and columns it may list, whether it reads them or not.
    """

    name: str
    reads: tuple[Area, ...]
    up_to: Classification
    all_rows: bool = False
    describes: tuple[Area, ...]


ROLES: Mapping[str, Role] = {
    role.name: role
    for role in (
        Role(
            name="analyst",
            reads=(Area.CURATED,),
            up_to=Classification.INTERNAL,
            describes=(Area.CURATED,),
        ),
        Role(
            name="engineer",
            reads=(Area.RAW, Area.INTEGRATION, Area.CURATED, Area.OPS),
            up_to=Classification.CONFIDENTIAL,
            describes=(Area.RAW, Area.INTEGRATION, Area.CURATED, Area.OPS),
        ),
        Role(
            name="steward",
            reads=(Area.RAW, Area.INTEGRATION, Area.CURATED, Area.OPS),
            up_to=Classification.RESTRICTED,
            all_rows=True,
            describes=(Area.RAW, Area.INTEGRATION, Area.CURATED, Area.OPS),
        ),
        Role(
            name="auditor",
            reads=(Area.OPS, Area.AUDIT),
            up_to=Classification.INTERNAL,
            describes=tuple(Area),
        ),
    )
}


def visible(role: Role, table: TaggedTable) -> list[str]:
    """Columns of a table that a role sees, be it in some rows only."""
    if table.area not in role.reads:
        return []
    return [name for name, classification in table.columns.items() if classification in role.up_to.and_below]


def is_filtered(role: Role, table: TaggedTable) -> bool:
    """Whether a role sees only the rows that the table's filter lets through."""
    return bool(table.row_filter) and not role.all_rows and bool(visible(role, table))
