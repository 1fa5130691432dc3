"""The source database: connections, catalog, publications and slots."""

import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import boto3
import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from emulator.replicator.postgres.pgoutput import Column
from emulator.replicator.settings import SECRET_CREDENTIALS, SettingsError, Source

LOOPBACK = ("127.0.0.1", "::1", "localhost")
"""Hosts without TLS, even if the endpoint requires it: there is no network, and a local PostgreSQL often has no TLS."""

# Values are read in PostgreSQL's text form, which these settings make independent of server and user.
_SESSION = {
    "client_encoding": "UTF8",
    "datestyle": "ISO",
    "intervalstyle": "postgres",
    "timezone": "UTC",
    "bytea_output": "hex",
    "extra_float_digits": "3",
    "statement_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table in the current catalog.

    Attributes:
        schema: its schema.
        name: its name.
        columns: its columns.
        key: its primary key, or the columns of its replica identity; empty if it has neither.
        changes: whether PostgreSQL can log which row an update or delete changes.
        partitioned: whether its rows are in partitions.
    """

    schema: str
    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    changes: bool
    partitioned: bool

    @property
    def full_name(self) -> str:
        """`schema.name`."""
        return f"{self.schema}.{self.name}"

    @property
    def identifier(self) -> sql.Identifier:
        """Its quoted name."""
        return sql.Identifier(self.schema, self.name)

    @property
    def own_rows(self) -> sql.Composed:
        """The table in FROM, without the rows of tables that inherit from it: the log has those under their names."""
        return sql.SQL("{}{}").format(sql.SQL("" if self.partitioned else "ONLY "), self.identifier)


def connect(source: Source, *, replication: bool = False) -> psycopg.Connection[Any]:
    """Open a connection, with the current credentials of the secret.

    Args:
        source: the endpoint's settings.
        replication: whether it is for the replication protocol, which accepts simple queries only.
    """
    secret: dict[str, Any] = {}
    if source.secret_id:
        secret = _read_secret(source.secret_id)
    database = source.database or secret.get("dbname")
    if not database:
        raise SettingsError("the source endpoint has no DatabaseName, and its secret has no dbname")
    # A walsender that waits for a slow upload must not time out.
    session = _SESSION | ({"wal_sender_timeout": "0"} if replication else {})
    host = secret.get("host", source.host)
    encrypted = source.encrypted and host not in LOOPBACK
    conninfo = make_conninfo(
        host=host,
        port=secret.get("port", source.port),
        user=secret.get("username", source.user),
        password=secret.get("password", source.password),
        dbname=database,
        sslmode="require" if encrypted else "prefer",
        replication="database" if replication else None,
        connect_timeout=10,
        application_name="dms",
        options=" ".join(f"-c {name}={value}" for name, value in session.items()),
    )
    return psycopg.connect(conninfo, autocommit=True)


def tables(connection: psycopg.Connection[Any]) -> list[Table]:
    """Return all tables of the database that logical replication can publish, ordered by schema and name.

    Generated columns are omitted, because the log does not contain them.
    """
    rows = connection.execute(
        """
        SELECT n.nspname, c.relname, c.relreplident::text,
            jsonb_agg(jsonb_build_array(a.attname, a.atttypid::int8, a.atttypmod,
                                        coalesce(a.attnum = ANY(identity.indkey), false)) ORDER BY a.attnum),
            bool_or(identity.indrelid IS NOT NULL), c.relkind = 'p'
        FROM pg_class c
        JOIN pg_namespace n ON n.oid = c.relnamespace
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
        LEFT JOIN pg_index identity ON identity.indrelid = c.oid AND identity.indimmediate
            AND CASE c.relreplident WHEN 'i' THEN identity.indisreplident ELSE identity.indisprimary END
        WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relpersistence = 'p'
            AND n.nspname NOT IN ('pg_catalog', 'information_schema')
        GROUP BY c.oid, n.nspname, c.relname, c.relreplident, c.relkind
        ORDER BY n.nspname, c.relname
        """
    ).fetchall()
    return [
        Table(
            schema=schema,
            name=name,
            columns=tuple(Column(*column) for column in columns),
            key=tuple(column for column, _, _, identity in columns if identity),
            changes=setting == "f" or (indexed and setting != "n"),
            partitioned=partitioned,
        )
        for schema, name, setting, columns, indexed, partitioned in rows
    ]


def base_type(connection: psycopg.Connection[Any], column: Column) -> tuple[int, int]:
    """Return the type and modifier of a column; for a domain, those of the type that it is based on."""
    type_oid, modifier = column.type_oid, column.modifier
    while True:
        row = connection.execute(
            "SELECT typbasetype::int8, typtypmod FROM pg_type WHERE oid = %s AND typtype = 'd'", [type_oid]
        ).fetchone()
        if row is None:
            return type_oid, modifier
        type_oid, modifier = row


def publish(connection: psycopg.Connection[Any], *, slot: str, tables: Sequence[Table]) -> None:
    """Set the tables of a slot's publications.

    A table without a replica identity belongs to a publication of inserts only: in another one PostgreSQL would refuse
    the application's updates of the table. DMS also omits these changes.
    """
    for publication, kinds, changes in (
        (slot, "insert, update, delete, truncate", True),
        (inserts_of(slot), "insert", False),
    ):
        name = sql.Identifier(publication)
        if not connection.execute("SELECT 1 FROM pg_publication WHERE pubname = %s", [publication]).fetchone():
            options = sql.SQL("publish = {}, publish_via_partition_root = true").format(sql.Literal(kinds))
            connection.execute(sql.SQL("CREATE PUBLICATION {} WITH ({})").format(name, options))
        target = {(table.schema, table.name) for table in tables if table.changes == changes}
        published = _published(connection, publication)
        for verb, names in (("ADD", target - published), ("DROP", published - target)):
            if names:
                only = (sql.SQL("ONLY {}").format(sql.Identifier(*pair)) for pair in sorted(names))
                identifiers = sql.SQL(", ").join(only)
                connection.execute(sql.SQL("ALTER PUBLICATION {} {} TABLE {}").format(name, sql.SQL(verb), identifiers))


def unpublished(connection: psycopg.Connection[Any], *, slot: str, tables: Sequence[Table]) -> list[Table]:
    """Return the tables that are not in a slot's publications: new ones, and those that were created again."""
    published = _published(connection, slot) | _published(connection, inserts_of(slot))
    return [table for table in tables if (table.schema, table.name) not in published]


def _published(connection: psycopg.Connection[Any], publication: str) -> set[tuple[str, str]]:
    query = "SELECT schemaname, tablename FROM pg_publication_tables WHERE pubname = %s"
    return set(connection.execute(query, [publication]).fetchall())


def inserts_of(slot: str) -> str:
    """Return the name of the publication of tables of which only inserts are followed."""
    return f"{slot[:55]}_inserts"


def has_slot(connection: psycopg.Connection[Any], slot: str) -> bool:
    """Return whether a slot exists."""
    return connection.execute("SELECT 1 FROM pg_replication_slots WHERE slot_name = %s", [slot]).fetchone() is not None


def create_slot(connection: psycopg.Connection[Any], slot: str) -> int:
    """Create a slot that keeps the log from now on; return its consistent point."""
    row = connection.execute("SELECT lsn FROM pg_create_logical_replication_slot(%s, 'pgoutput')", [slot]).fetchone()
    assert row is not None
    return parse_lsn(row[0])


def drop(connection: psycopg.Connection[Any], *, slot: str) -> None:
    """Remove a replication's slot and publications, if they exist."""
    # The last walsender may still use the slot, which then cannot be dropped.
    connection.execute(
        "SELECT pg_terminate_backend(active_pid, 5000) FROM pg_replication_slots "
        "WHERE slot_name = %s AND active_pid IS NOT NULL",
        [slot],
    )
    connection.execute(
        "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = %s", [slot]
    )
    for publication in (slot, inserts_of(slot)):
        connection.execute(sql.SQL("DROP PUBLICATION IF EXISTS {}").format(sql.Identifier(publication)))


def parse_lsn(text: str) -> int:
    """Return the number of a log position such as `16/B374D848`."""
    high, low = text.split("/")
    return (int(high, 16) << 32) + int(low, 16)


def format_lsn(lsn: int) -> str:
    """Return PostgreSQL's text form of a log position."""
    return f"{lsn >> 32:X}/{lsn & 0xFFFFFFFF:X}"


def names(columns: Iterable[str]) -> sql.Composed:
    """Return column names, quoted and joined by commas."""
    return sql.SQL(", ").join(map(sql.Identifier, columns))


def _read_secret(secret_id: str) -> dict[str, Any]:
    """Return the members of a secret, read with its own credentials if the environment has them."""
    access_key, secret_key, token = (os.environ.get(name) or None for name in SECRET_CREDENTIALS.values())
    client = boto3.client(
        "secretsmanager", aws_access_key_id=access_key, aws_secret_access_key=secret_key, aws_session_token=token
    )
    members: dict[str, Any] = json.loads(client.get_secret_value(SecretId=secret_id)["SecretString"])
    return members
