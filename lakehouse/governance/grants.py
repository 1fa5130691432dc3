"""What roles are granted by LF-Tags: people by area and classification, jobs by area.

An expression's keys must all match, each by one of its values. A grant to write must match every column of a table, so
it never names a classification (Lake Formation developer guide, "Lake Formation tag-based access control notes and
restrictions").
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from lakehouse.governance.roles import Role
from lakehouse.governance.tags import CLASSIFICATION, ROWS, ZONE, Area, Rows
from lakehouse.names import Move, Zone

READ = ("DESCRIBE", "SELECT")
WRITE = ("ALTER", "DELETE", "DESCRIBE", "INSERT", "SELECT")
OWN = (*WRITE, "DROP")


@dataclass(frozen=True, slots=True, kw_only=True)
class TagGrant:
    """Permissions on all databases, or all tables with their columns, whose tags match.

    Args:
        on: `DATABASE` or `TABLE`.
        tags: the values that match, by tag.
        permissions: Lake Formation's words.
        grantable: which of them the grantee may pass on.
    """

    on: str
    tags: Mapping[str, Sequence[str]]
    permissions: tuple[str, ...]
    grantable: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Grants:
    """Everything that one role is granted.

    Args:
        by_tag: databases and tables.
        locations: zones in whose bucket it may place tables.
        gives: LF-Tags, with their values, that it may give to what it owns.
    """

    by_tag: tuple[TagGrant, ...]
    locations: tuple[Zone, ...] = ()
    gives: Mapping[str, Sequence[str]] = field(default_factory=dict)


def of_people(role: Role) -> Grants:
    """A role of people reads columns up to its classification, and may list what there is."""
    rows = (Rows.ALL, Rows.FILTERED) if role.all_rows else (Rows.ALL,)
    columns = {ZONE: role.reads, CLASSIFICATION: role.up_to.and_below, ROWS: rows}
    listed = tuple(area for area in role.describes if area not in role.reads)
    return Grants(
        by_tag=(
            TagGrant(on="DATABASE", tags={ZONE: role.describes}, permissions=("DESCRIBE",)),
            TagGrant(on="TABLE", tags=columns, permissions=READ),
            *((TagGrant(on="TABLE", tags={ZONE: listed}, permissions=("DESCRIBE",)),) if listed else ()),
        )
    )


def of_job(move: Move) -> Grants:
    """A move's job reads its source's tables and commits to its target's and to those of ops."""
    source, target = (Zone(zone) for zone in move.split("_to_"))
    read = () if source is Zone.STAGE else (Area(source),)
    written = (Area(target), Area.OPS)
    return Grants(
        by_tag=(
            _databases(*read, *written),
            *((_tables(*read, permissions=READ),) if read else ()),
            _tables(*written, permissions=WRITE),
        ),
        locations=(target,),
    )


def of_tables(tags: Mapping[str, Sequence[str]]) -> Grants:
    """`lakehouse tables apply` makes the tables of raw, integration and ops, and classifies them.

    Args:
        tags: every LF-Tag with all its values.
    """
    areas = (Area.RAW, Area.INTEGRATION, Area.OPS)
    return Grants(
        by_tag=(
            _databases(*areas, permissions=("CREATE_TABLE", "DESCRIBE")),
            # Who gives tags to a table must own it or hold all of these with the right to pass them on.
            TagGrant(on="TABLE", tags={ZONE: areas}, permissions=OWN, grantable=OWN),
        ),
        locations=(Zone.RAW, Zone.INTEGRATION),
        gives=_for_tables(tags),
    )


def of_dbt(tags: Mapping[str, Sequence[str]]) -> Grants:
    """dbt owns the curated zone; in integration it owns the tables that it makes itself, and reads the others.

    In ops it tells its lineage. A grant by tag is on all tables there; its role's policy commits to that one alone.

    Args:
        tags: every LF-Tag with all its values.
    """
    return Grants(
        by_tag=(
            _databases(Area.CURATED, Area.INTEGRATION, permissions=("CREATE_TABLE", "DESCRIBE")),
            _databases(Area.RAW, Area.OPS),
            _tables(Area.RAW, Area.INTEGRATION, permissions=READ),
            _tables(Area.OPS, permissions=WRITE),
            TagGrant(on="TABLE", tags={ZONE: (Area.CURATED,)}, permissions=OWN, grantable=OWN),
        ),
        locations=(Zone.CURATED, Zone.INTEGRATION),
        gives=_for_tables(tags),
    )


def of_optimizer() -> Grants:
    """Glue rewrites files and expires snapshots of the tables that `lakehouse tables apply` owns."""
    areas = (Area.RAW, Area.INTEGRATION, Area.OPS)
    return Grants(
        by_tag=(_databases(*areas), _tables(*areas, permissions=WRITE)), locations=(Zone.RAW, Zone.INTEGRATION)
    )


def of_erasure() -> Grants:
    """`lakehouse erase` writes anew what `lakehouse tables apply` owns, and looks which files curated consists of.

    In ops it tells what it did. A grant by tag is on all tables there; its role's policy commits to that one alone.
    """
    areas = (Area.RAW, Area.INTEGRATION, Area.OPS)
    return Grants(
        by_tag=(
            _databases(*areas, Area.CURATED),
            _tables(*areas, permissions=WRITE),
            _tables(Area.CURATED, permissions=("DESCRIBE",)),
        ),
        locations=(Zone.RAW, Zone.INTEGRATION),
    )


def of_planner() -> Grants:
    """What is due follows from what ops says was done."""
    return Grants(by_tag=(_databases(Area.OPS), _tables(Area.OPS, permissions=READ)))


def _for_tables(tags: Mapping[str, Sequence[str]]) -> dict[str, Sequence[str]]:
    """Without `zone`, which is a database's."""
    return {key: values for key, values in tags.items() if key != ZONE}


def _databases(*areas: Area, permissions: tuple[str, ...] = ("DESCRIBE",)) -> TagGrant:
    return TagGrant(on="DATABASE", tags={ZONE: areas}, permissions=permissions)


def _tables(*areas: Area, permissions: tuple[str, ...]) -> TagGrant:
    return TagGrant(on="TABLE", tags={ZONE: areas}, permissions=permissions)
