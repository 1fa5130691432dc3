"""Watch of the source's catalog: what happens to a followed table without a record in the log of its rows.

PostgreSQL logs no row for a column that ALTER TABLE renames, drops, adds or rewrites, and none for a partition that is
attached or detached with rows. A table that is dropped, renamed or created again sends nothing at all.
"""

import json
from collections.abc import Iterable, Iterator
from typing import Any, TypedDict

import psycopg
from psycopg import sql

from emulator.replicator import source

GONE = "it was dropped, renamed or created again in the source, so its changes are no longer replicated"


class Leaf(TypedDict):
    """A partition with rows of its own.

    Attributes:
        name: schema and name.
        file: identifies the file of its rows, which a rewrite replaces.
        created, linked: transactions that created it and that made it, or a level above it, a partition.
    """

    name: str
    file: int
    created: str
    linked: str


class Shape(TypedDict):
    """What the catalog says about a table.

    Attributes:
        oid: its object id.
        columns: name, type, and last transaction that changed the definition, by number of the column.
        leaves: its partitions with rows, by object id; itself, if it is not partitioned.
        published: whether the publications of the slot include it.
        inherited: whether other tables inherit from it.
    """

    oid: int
    columns: dict[str, list[str]]
    leaves: dict[str, Leaf]
    published: bool
    inherited: bool


def shapes(connection: psycopg.Connection[Any], names: Iterable[tuple[str, str]], *, slot: str) -> dict[str, Shape]:
    """Return the shapes of tables by full name; a table that does not exist is missing."""
    pairs = list(names)
    if not pairs:
        return {}
    rows = connection.execute(
        """
        WITH RECURSIVE wanted AS (
            SELECT c.oid AS root, c.relkind = 'p' AS partitioned, n.nspname, c.relname
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            JOIN unnest(%s::text[], %s::text[]) AS name (s, t) ON name.s = n.nspname AND name.t = c.relname
        ), tree AS (
            SELECT root, root AS oid, NULL::xid AS linked FROM wanted
            UNION ALL
            SELECT tree.root, i.inhrelid,
                CASE WHEN tree.linked IS NULL OR age(i.xmin) < age(tree.linked) THEN i.xmin ELSE tree.linked END
            FROM tree JOIN pg_inherits i ON i.inhparent = tree.oid
            JOIN wanted ON wanted.root = tree.root AND wanted.partitioned
        )
        SELECT wanted.nspname, wanted.relname, wanted.root::int8,
            (SELECT jsonb_object_agg(a.attnum, jsonb_build_array(
                    a.attname, format_type(a.atttypid, a.atttypmod), a.xmin::text))
                FROM pg_attribute a
                WHERE a.attrelid = wanted.root AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''),
            (SELECT jsonb_object_agg(c.oid, jsonb_build_object('name', jsonb_build_array(n.nspname, c.relname)::text,
                    'file', pg_relation_filenode(c.oid)::int8,
                    'created', created.xmin::text, 'linked', coalesce(tree.linked, created.xmin)::text))
                FROM tree JOIN pg_class c ON c.oid = tree.oid JOIN pg_namespace n ON n.oid = c.relnamespace
                -- The definition of a system column never changes, so this is the transaction that made the table.
                JOIN pg_attribute created ON created.attrelid = c.oid AND created.attnum = -1
                WHERE tree.root = wanted.root AND c.relkind = 'r'),
            EXISTS (SELECT FROM pg_publication_rel r JOIN pg_publication p ON p.oid = r.prpubid
                WHERE r.prrelid = wanted.root AND p.pubname = ANY(%s)),
            NOT wanted.partitioned AND EXISTS (SELECT FROM pg_inherits WHERE inhparent = wanted.root)
        FROM wanted
        """,
        [[schema for schema, _ in pairs], [name for _, name in pairs], [slot, source.inserts_of(slot)]],
    ).fetchall()
    return {
        f"{schema}.{name}": Shape(
            oid=oid, columns=columns or {}, leaves=leaves or {}, published=published, inherited=inherited
        )
        for schema, name, oid, columns, leaves, published, inherited in rows
    }


def differences(connection: psycopg.Connection[Any], before: Shape, after: Shape) -> Iterator[str]:
    """Yield what happened to a table between two shapes that the log of its rows does not tell."""
    common = before["leaves"].keys() & after["leaves"].keys()
    rewritten = any(before["leaves"][leaf]["file"] != after["leaves"][leaf]["file"] for leaf in common)
    if rewritten and before["columns"] == after["columns"] and set(after["leaves"]) != {str(after["oid"])}:
        # The log has no TRUNCATE of a partition; CLUSTER and VACUUM FULL look the same.
        yield "partition truncated or rewritten; rows that were removed stay in the target"
    for number in sorted(before["columns"].keys() | after["columns"].keys(), key=int):
        old, new = before["columns"].get(number), after["columns"].get(number)
        if new is None and old is not None:
            yield f"column {json.dumps(old[0])} dropped"
        elif old is None and new is not None:
            yield f"column {json.dumps(new[0])} added; rows from before have it only in the source"
        elif old is not None and new is not None and old != new:
            if old[0] != new[0]:
                yield f"column {json.dumps(old[0])} renamed to {json.dumps(new[0])}"
            # TRUNCATE and CLUSTER also replace the file, but they do not change the definition of a column.
            if rewritten:
                yield f"column {json.dumps(new[0])} rewritten by ALTER TABLE; rows from before keep their old values"
    for leaf in sorted(before["leaves"].keys() - after["leaves"].keys()):
        yield f"partition {_label(before['leaves'][leaf])} detached or dropped; its rows stay in the target"
    for leaf in sorted(after["leaves"].keys() - before["leaves"].keys()):
        if _has_unlogged_rows(connection, after["leaves"][leaf]):
            yield f"partition {_label(after['leaves'][leaf])} attached; its rows from before are not replicated"


def _has_unlogged_rows(connection: psycopg.Connection[Any], leaf: Leaf) -> bool:
    """Return whether a new partition has rows from before it was one; their log names another table."""
    schema, name = json.loads(leaf["name"])
    condition = sql.SQL("WHERE xmin = {}::xid").format(leaf["created"])
    query = sql.SQL("SELECT EXISTS (SELECT FROM {} {})").format(
        sql.Identifier(schema, name), condition if leaf["created"] == leaf["linked"] else sql.SQL("")
    )
    try:
        row = connection.execute(query).fetchone()
    except psycopg.ProgrammingError:
        return True  # gone again, or not readable: unknown
    return row is None or bool(row[0])


def _label(leaf: Leaf) -> str:
    return ".".join(json.loads(leaf["name"]))
