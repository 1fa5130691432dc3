"""Principals, tables with their LF-Tags, and what one may do with the other, as the decision has them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

Tags = Mapping[str, str]
Rows = frozenset[str] | None
"""Row filters, of which a row has to meet one; None for all rows."""

IAM_ALLOWED = "IAM_ALLOWED_PRINCIPALS"


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Whoever calls.

    Attributes:
        arn: ARN of the role or user.
        account: the AWS account of the lake.
        administrator: whether it is an administrator of the lake: it sees all metadata and uses all locations, and has
            no other permission by itself.
        reads_metadata: whether it is a read-only administrator: it sees all metadata.
    """

    arn: str
    account: str
    administrator: bool = False
    reads_metadata: bool = False

    @property
    def describes_all(self) -> bool:
        return self.administrator or self.reads_metadata

    def is_named_by(self, identifier: str) -> bool:
        """Return whether the principal of a grant stands for this one, alone or as one of a group."""
        return identifier in (self.arn, IAM_ALLOWED, f"{self.account}:IAMPrincipals")


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """A database and its LF-Tags."""

    name: str
    tags: Tags = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class CellsFilter:
    """Rows and columns of a table that can be granted together.

    Attributes:
        columns: names of the columns.
        expression: predicate of the rows; None for all rows.
    """

    columns: frozenset[str]
    expression: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table with the LF-Tags that were assigned to it and to its columns.

    Attributes:
        database: its database.
        name: its name.
        tags: its own tags.
        columns: each column's own tags, in the order of the columns.
        filters: its data cells filters by name.
    """

    database: Database
    name: str
    tags: Tags = field(default_factory=dict)
    columns: Mapping[str, Tags] = field(default_factory=dict)
    filters: Mapping[str, CellsFilter] = field(default_factory=dict)

    @property
    def all_tags(self) -> Tags:
        return {**self.database.tags, **self.tags}


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What a principal may do with a table.

    Attributes:
        permissions: permissions on the table; SELECT is among them if it holds for a column.
        columns: rows of each column that it may select.
        described: columns whose names it may see without selecting them.
    """

    permissions: frozenset[str]
    columns: Mapping[str, Rows]
    described: frozenset[str]

    @property
    def shown(self) -> frozenset[str]:
        """Columns in the table's metadata: what it selects, or else all that it may describe."""
        return frozenset(self.columns) or self.described


NOTHING = Access(permissions=frozenset(), columns={}, described=frozenset())
"""The access of a principal without permissions."""
