"""LF-Tags: their keys and values, and the tags of databases, tables and columns.

The tags of a database are defaults that hide all its columns. Tables add their domain, columns their classification. A
new column, or a table that was created by hand, is hidden until it is classified.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from lakehouse.contracts.classification import UNCLASSIFIED, Classification, highest
from lakehouse.contracts.columns import ERRORS, RECORD
from lakehouse.contracts.model import Contract
from lakehouse.governance.tag_keys import CLASSIFICATION, DOMAIN, ROWS, ZONE
from lakehouse.names import DEFAULT_DATABASE, Names, Zone
from lakehouse.tables import definition, window_views, windows

PLATFORM = "platform"
"""Domain of data about the lakehouse itself."""


class Area(StrEnum):
    """Value of the tag `zone`: a zone with tables, `ops` or `audit`; one database each."""

    RAW = "raw"
    INTEGRATION = "integration"
    CURATED = "curated"
    OPS = "ops"
    AUDIT = "audit"

    def database(self, names: Names) -> str:
        """Return the name of its Glue database."""
        match self:
            case Area.OPS:
                return names.ops_database
            case Area.AUDIT:
                return names.audit_database
        return names.database(Zone(self))

    @property
    def location(self) -> Zone | None:
        """The zone in whose bucket its tables are; None for `audit`, which is not a location of Lake Formation."""
        match self:
            case Area.OPS:
                return Zone.INTEGRATION
            case Area.AUDIT:
                return None
        return Zone(self)


class Rows(StrEnum):
    """Value of the tag `rows`.

    Permissions add up in Lake Formation: a grant on all rows makes an additional filter void. So grants by tag apply
    only to tables with `all`, and tables with a row filter are granted by that filter.
    """

    ALL = "all"
    FILTERED = "filtered"


@dataclass(frozen=True, slots=True, kw_only=True)
class TaggedTable:
    """Tags of one table and its columns.

    Attributes:
        area: area of the table.
        name: name of the table.
        tags: tags that it does not inherit from its database.
        columns: classifications by column, in the order of the table.
        row_filter: SQL predicate for roles without access to all rows; empty if there is none.
    """

    area: Area
    name: str
    tags: Mapping[str, str] = field(default_factory=dict)
    columns: Mapping[str, Classification]
    row_filter: str = ""


def values(contracts: Iterable[Contract]) -> dict[str, list[str]]:
    """Return every LF-Tag with all its values."""
    return {
        DOMAIN: sorted({PLATFORM, *(contract.domain for contract in contracts)}),
        ZONE: [*Area, DEFAULT_DATABASE],
        CLASSIFICATION: list(Classification),
        ROWS: list(Rows),
    }


def of_database(area: Area) -> dict[str, str]:
    """Return the tags of an area's database, which its tables inherit."""
    if area in (Area.OPS, Area.AUDIT):  # no business data, and all tables are equally confidential
        own = {CLASSIFICATION: Classification.INTERNAL, DOMAIN: PLATFORM}
    else:
        own = {CLASSIFICATION: UNCLASSIFIED}
    return {ZONE: area, ROWS: Rows.ALL, **own}


def of_contracts(contracts: Iterable[Contract], *, names: Names) -> list[TaggedTable]:
    """Return the raw and the integration table of each dataset, and the tables of its windows."""
    return [
        table
        for contract in contracts
        for table in (
            *(_of_contract(contract, area, names=names) for area in (Area.RAW, Area.INTEGRATION)),
            *(_of_windows(contract, table) for table in windows.of_contracts([contract], names=names)),
            *(_of_windows(contract, view) for view in window_views.of_contracts([contract], names=names)),
        )
    ]


def _of_windows(contract: Contract, table: definition.Definition | window_views.View) -> TaggedTable:
    measured = {measure.name: measure.column for measure in contract.windows.measures} if contract.windows else {}
    classified = _classified(contract)
    own = {"content": highest(classified.values())}  # the state has keys and measures
    return TaggedTable(
        area=Area.INTEGRATION,
        name=table.table,
        tags={DOMAIN: contract.domain},
        columns={
            field.name: classified.get(
                measured.get(field.name) or field.name, own.get(field.name, Classification.INTERNAL)
            )
            for field in table.fields
        },
    )


def _classified(contract: Contract) -> dict[str, Classification]:
    return {
        column.name: Classification(column.classification) if column.classification else UNCLASSIFIED
        for column in contract.columns
    }


def _of_contract(contract: Contract, area: Area, *, names: Names) -> TaggedTable:
    define = definition.raw if area is Area.RAW else definition.integration
    classified = _classified(contract)
    # The original text of a rejected record may contain all columns, and its errors quote it.
    own = {RECORD: highest(classified.values()), ERRORS: highest(classified.values())}
    return TaggedTable(
        area=area,
        name=contract.dataset,
        tags={DOMAIN: contract.domain} | ({ROWS: Rows.FILTERED} if contract.row_filter else {}),
        columns={
            column.name: classified.get(column.name, own.get(column.name, Classification.INTERNAL))
            for column in define(contract, names=names).fields
        },
        row_filter=contract.row_filter,
    )
