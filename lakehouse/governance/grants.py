"""Grants by LF-Tags: people are granted areas up to a classification, jobs are granted areas.

All keys of a tag expression must match, each with one of its values. A grant to write must match every column of a
table, so it never contains a classification.

Source: Lake Formation developer guide, "Lake Formation tag-based access control notes and restrictions".
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from lakehouse.governance.roles import OPERATOR, Role
from lakehouse.governance.tags import CLASSIFICATION, ROWS, ZONE, Area, Rows
from lakehouse.names import DEFAULT_DATABASE, Move, Zone

READ = ("DESCRIBE", "SELECT")
WRITE = ("ALTER", "DELETE", "DESCRIBE", "INSERT", "SELECT")
OWN = (*WRITE, "DROP")


@dataclass(frozen=True, slots=True, kw_only=True)
class TagGrant:
    """Permissions on all databases, or all tables with their columns, whose tags match.

    Attributes:
        on: `DATABASE` or `TABLE`.
        tags: the values that match, by tag.
        permissions: names of permissions in Lake Formation.
        grantable: the permissions that the grantee may grant to others.
    """

    on: str
    tags: Mapping[str, Sequence[str]]
    permissions: tuple[str, ...]
    grantable: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Grants:
    """All grants of one role.

    Attributes:
        by_tag: grants on databases and tables.
        gives: LF-Tags, with their values, that it may assign to what it owns.
    """

    by_tag: tuple[TagGrant, ...]
    gives: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def locations(self) -> tuple[Zone, ...]:
        """Zones in whose bucket it may create and alter tables: each of an area whose tables it creates or alters.

        Source: Lake Formation developer guide, "Troubleshooting Lake Formation", section "Insufficient Lake Formation
        permissions on <Amazon S3 location>".
        """
        changed = [
            Area(value)
            for tag_grant in self.by_tag
            if {"ALTER", "CREATE_TABLE"}.intersection(tag_grant.permissions)
            for value in tag_grant.tags[ZONE]
        ]
        return tuple(dict.fromkeys(area.location for area in changed if area.location))


def of_people(role: Role) -> Grants:
    """Return the grants of a role of people: read columns up to its classification, and list databases and tables."""
    rows = (Rows.ALL, Rows.FILTERED) if role.all_rows else (Rows.ALL,)
    columns = {ZONE: role.reads, CLASSIFICATION: role.up_to.and_below, ROWS: rows}
    listed = tuple(area for area in role.describes if area not in role.reads)
    return Grants(
        by_tag=(
            _databases(*role.describes),
            TagGrant(on="TABLE", tags=columns, permissions=READ),
            *((TagGrant(on="TABLE", tags={ZONE: listed}, permissions=("DESCRIBE",)),) if listed else ()),
        )
    )


def of_operator() -> Grants:
    """Return the grants of operators: those of people, and to record in ops what `lakehouse reconcile` finds.

    A grant by tag covers all tables of ops; the policy of the role allows commits only to the table of quality results.
    """
    people = of_people(OPERATOR).by_tag
    return Grants(by_tag=(*people, _tables(Area.OPS, permissions=("ALTER", "DESCRIBE"))))


def of_job(move: Move) -> Grants:
    """Return the grants of a move's job: read the tables of its source, write those of its target and of ops.

    raw -> integration also makes candidates of the tables that it writes (`lakehouse.engine.candidates`).
    """
    source, target = (Zone(zone) for zone in move.split("_to_"))
    read = () if source is Zone.STAGE else (Area(source),)
    written = (Area(target), Area.OPS)
    return Grants(
        by_tag=(
            _databases(*read, *written),
            *((_tables(*read, permissions=READ),) if read else ()),
            *((_create_tables(Area(target)),) if target is Zone.INTEGRATION else ()),
            _tables(*written, permissions=WRITE),
        )
    )


def of_tables(tags: Mapping[str, Sequence[str]]) -> Grants:
    """Return the grants of `lakehouse tables apply`, which creates and classifies tables of raw, integration and ops.

    Args:
        tags: every LF-Tag with all its values.
    """
    areas = (Area.RAW, Area.INTEGRATION, Area.OPS)
    return Grants(
        by_tag=(
            _databases(*areas),
            _create_tables(*areas),
            # To assign tags to a table, a role must own it or have all of these permissions with the grant option.
            TagGrant(on="TABLE", tags={ZONE: areas}, permissions=OWN, grantable=OWN),
        ),
        gives=_for_tables(tags) | {ZONE: [DEFAULT_DATABASE]},
    )


def of_dbt(tags: Mapping[str, Sequence[str]]) -> Grants:
    """Return the grants of dbt, which owns the curated zone and its own tables in integration, and reads the others.

    It writes lineage and releases to ops. A grant by tag covers all tables of ops; the policy of its role allows
    commits only to these two tables.

    Args:
        tags: every LF-Tag with all its values.
    """
    return Grants(
        by_tag=(
            _databases(Area.RAW, Area.INTEGRATION, Area.CURATED, Area.OPS),
            _create_tables(Area.CURATED, Area.INTEGRATION),
            _tables(Area.RAW, Area.INTEGRATION, permissions=READ),
            _tables(Area.OPS, permissions=WRITE),
            TagGrant(on="TABLE", tags={ZONE: (Area.CURATED,)}, permissions=OWN, grantable=OWN),
        ),
        gives=_for_tables(tags),
    )


def of_optimizer() -> Grants:
    """Return the grants of Glue's optimizers, which rewrite files and expire snapshots of raw, integration and ops."""
    areas = (Area.RAW, Area.INTEGRATION, Area.OPS)
    return Grants(by_tag=(_databases(*areas), _tables(*areas, permissions=WRITE)))


def of_erasure() -> Grants:
    """Return the grants of `lakehouse erase`, which rewrites raw and integration and lists the files of curated.

    It writes its proof to ops. A grant by tag covers all tables of ops; the policy of its role allows commits only to
    the table of erasures.
    """
    areas = (Area.RAW, Area.INTEGRATION, Area.OPS)
    return Grants(
        by_tag=(
            _databases(*areas, Area.CURATED),
            _tables(*areas, permissions=WRITE),
            _tables(Area.CURATED, permissions=("DESCRIBE",)),
        )
    )


def of_planner() -> Grants:
    """Return the grants of the planner, which reads the attempts in ops."""
    return Grants(by_tag=(_databases(Area.OPS), _tables(Area.OPS, permissions=READ)))


def _for_tables(tags: Mapping[str, Sequence[str]]) -> dict[str, Sequence[str]]:
    """Return the tags of tables: all but `zone`, which is a tag of databases."""
    return {key: values for key, values in tags.items() if key != ZONE}


def _databases(*areas: Area) -> TagGrant:
    """Return the grant to see databases, and the account's `default`: Athena and Spark may open it at a start."""
    return TagGrant(on="DATABASE", tags={ZONE: (*areas, DEFAULT_DATABASE)}, permissions=("DESCRIBE",))


def _create_tables(*areas: Area) -> TagGrant:
    return TagGrant(on="DATABASE", tags={ZONE: areas}, permissions=("CREATE_TABLE",))


def _tables(*areas: Area, permissions: tuple[str, ...]) -> TagGrant:
    return TagGrant(on="TABLE", tags={ZONE: areas}, permissions=permissions)
