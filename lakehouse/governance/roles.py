"""The roles of people and what each may see. A test compares them with the table in docs/governance.md."""

from collections.abc import Mapping
from dataclasses import dataclass

from lakehouse.contracts.classification import Classification
from lakehouse.governance.tags import Area, TaggedTable
from lakehouse.names import Names


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """A role of people.

    Attributes:
        name: e.g. `analyst`; the last part of the names of its IAM role and its workgroup.
        reads: areas whose tables it reads.
        up_to: classification of the most confidential columns that it sees there.
        all_rows: whether it sees all rows, without row filters.
        describes: areas whose databases, tables and columns it may list, also without reading them.
    """

    name: str
    reads: tuple[Area, ...]
    up_to: Classification
    all_rows: bool = False
    describes: tuple[Area, ...]

    def database(self, names: Names) -> str:
        """Return the database of its queries' tables that are named without one."""
        return self.reads[-1].database(names)


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
            name="operator",
            reads=(Area.RAW, Area.INTEGRATION, Area.OPS),
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


OPERATOR = ROLES["operator"]
"""The role of those who are on call: it starts jobs, and reads what the command line reads: raw and integration too."""


def visible(role: Role, table: TaggedTable) -> list[str]:
    """Return the columns of a table that a role sees, in all rows or in some."""
    if table.area not in role.reads:
        return []
    return [name for name, classification in table.columns.items() if classification in role.up_to.and_below]


def is_filtered(role: Role, table: TaggedTable) -> bool:
    """Return whether a role sees only the rows that match the table's row filter."""
    return bool(table.row_filter) and not role.all_rows and bool(visible(role, table))
