"""What a PostgreSQL database says of its tables: columns with their base types, keys, foreign keys and comments."""

import os
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from lakehouse.engine import source_secret
from lakehouse.errors import LakehouseError

if TYPE_CHECKING:
    from psycopg import Connection

_REFUSED = ("authentication failed", "no password supplied", "role ", "pg_hba.conf", "permission denied for database")
SAMPLED = 200
"""Rows of a table whose texts help to classify its columns."""

_COLUMNS = """
WITH RECURSIVE base AS (
    SELECT a.attrelid, a.attnum, a.atttypid AS type, a.atttypmod AS modifier, a.attnotnull AS required
    FROM pg_attribute a WHERE a.attnum > 0 AND NOT a.attisdropped AND a.attrelid = ANY(%s)
    UNION ALL
    SELECT b.attrelid, b.attnum, t.typbasetype, t.typtypmod, b.required OR t.typnotnull
    FROM base b JOIN pg_type t ON t.oid = b.type WHERE t.typtype = 'd'
)
SELECT b.attrelid, a.attname, format_type(b.type, b.modifier), b.required, a.attgenerated <> '',
    coalesce(col_description(a.attrelid, a.attnum), ''), t.typtype = 'e', a.attndims,
    CASE WHEN d.typtype = 'd' THEN d.typname END
FROM base b JOIN pg_attribute a USING (attrelid, attnum) JOIN pg_type t ON t.oid = b.type
    JOIN pg_type d ON d.oid = a.atttypid
WHERE t.typtype <> 'd' ORDER BY b.attrelid, b.attnum
"""
_TABLES = """
SELECT c.oid, n.nspname, c.relname, coalesce(obj_description(c.oid, 'pg_class'), '')
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relpersistence = 'p'
    AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema' ORDER BY 2, 3
"""
_KEYS = """
SELECT k.conrelid, k.contype, array(SELECT a.attname::text FROM unnest(k.conkey) WITH ORDINALITY n(number, position)
        JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = n.number ORDER BY position),
    k.confrelid, array(SELECT a.attname::text FROM unnest(k.confkey) WITH ORDINALITY n(number, position)
        JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = n.number ORDER BY position)
FROM pg_constraint k WHERE k.contype IN ('p', 'u', 'f') AND k.conrelid = ANY(%s) ORDER BY k.conrelid, k.conname
"""


@dataclass(slots=True, kw_only=True)
class SourceColumn:
    """A column of a table; `type` is written as `format_type` does, of a domain that of its base type."""

    name: str
    type: str
    required: bool
    generated: bool
    comment: str
    is_enum: bool
    dimensions: int
    domain: str | None
    sample: list[str] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class SourceTable:
    """A table of the database.

    Attributes:
        schema, name: its name.
        comment: its comment; "" for none.
        columns: its columns, in order.
        key: columns of the primary key, in its order.
        unique: columns that are unique alone.
        references: of each foreign key: its columns, and table (schema and name) and columns that they refer to.
    """

    schema: str
    name: str
    comment: str
    columns: list[SourceColumn] = field(default_factory=list)
    key: list[str] = field(default_factory=list)
    unique: set[str] = field(default_factory=set)
    references: list[tuple[list[str], tuple[str, str], list[str]]] = field(default_factory=list)


@contextmanager
def connected(database: str) -> "Iterator[Connection[Any]]":
    """Connect to a database in one read-only snapshot.

    Args:
        database: a URL or connection string without a password, or the name of a secret with host, port, username,
            password and dbname. The password of a URL is in PGPASSWORD.

    Raises:
        LakehouseError: the database cannot be reached, refuses the user, or goes away.
    """
    try:
        import psycopg
        from psycopg import conninfo
    except ModuleNotFoundError as error:
        raise LakehouseError("drafting from PostgreSQL needs psycopg: pip install 'lakehouse[reconcile]'") from error
    if database.startswith(("mysql:", "mariadb:")):
        raise LakehouseError("MySQL cannot be drafted yet: give a PostgreSQL database, or write the contract by hand")
    if "://" in database or "=" in database:
        try:
            settings: dict[str, Any] = dict(conninfo.conninfo_to_dict(database))
        except psycopg.ProgrammingError:
            raise LakehouseError("--database is no URL: write postgresql://USER@HOST:PORT/DATABASE") from None
        if "password" in settings and settings["password"] != os.environ.get("PGPASSWORD"):
            raise LakehouseError(
                "--database contains a password, which other processes and the shell's history can read: "
                "put it into the environment variable PGPASSWORD, or give the name of a secret"
            )
    else:
        settings = _secret(database)
    where = f"{settings.get('user')}@{settings.get('host')}:{settings.get('port', 5432)}/{settings.get('dbname')}"
    settings |= {"connect_timeout": "10", "client_encoding": "UTF8", "application_name": "lakehouse contracts draft"}
    try:
        connection = psycopg.connect(**settings)
    except psycopg.OperationalError as error:
        text = str(error)
        if 'database "' in text and "does not exist" in text:
            raise LakehouseError(f"{where}: the server has no such database: {text}") from None
        if any(words in text for words in _REFUSED):
            remedy = "correct the user, PGPASSWORD or the secret"
            raise LakehouseError(f"{where}: the server refuses the credentials: {remedy}: {text}") from None
        remedy = "check host, port and network"
        raise LakehouseError(f"{where}: the server cannot be reached: {remedy}: {text}") from None
    try:
        with connection:
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            connection.execute("SET LOCAL search_path = ''")
            yield connection
    except psycopg.OperationalError as error:
        raise LakehouseError(
            f"{where}: the connection was lost: no contract was written; run the command again: {error}"
        ) from None


def _secret(name: str) -> dict[str, Any]:
    try:
        members = source_secret.read(name)
        return source_secret.connection_settings(members) | {"dbname": members["dbname"]}
    except KeyError as error:
        raise LakehouseError(f"secret {name}: has no {error}: add it") from None
    except (BotoCoreError, ClientError, ValueError) as error:
        raise LakehouseError(f"secret {name}: cannot be read: {error}; or give --database a URL") from error


def tables(connection: "Connection[Any]", *, wanted: Sequence[str] = ()) -> list[SourceTable]:
    """Return the tables of a database, without those of the system and without partitions.

    Args:
        connection: from `connected`.
        wanted: `schema.table` or `table` of those to draft; empty for all.

    Raises:
        LakehouseError: there is no such table.
    """
    found = {oid: SourceTable(schema=s, name=n, comment=c) for oid, s, n, c in connection.execute(_TABLES)}
    names = {f"{table.schema}.{table.name}": oid for oid, table in found.items()}
    chosen = dict(found)
    if wanted:
        public = {table.name: oid for oid, table in found.items() if table.schema == "public"}
        missing = [name for name in wanted if name not in names and name not in public]
        if missing:
            raise LakehouseError(f"no table {', '.join(missing)} that the user can see; there are {', '.join(names)}")
        chosen = {oid: found[oid] for oid in (names.get(name, public.get(name)) for name in wanted) if oid is not None}
    oids = list(chosen)
    for oid, name, type_, required, generated, comment, is_enum, dimensions, domain in connection.execute(
        _COLUMNS, [oids]
    ):
        chosen[oid].columns.append(
            SourceColumn(
                name=name,
                type=type_,
                required=required,
                generated=generated,
                comment=comment,
                is_enum=is_enum,
                dimensions=dimensions,
                domain=domain,
            )
        )
    for oid, kind, columns, other, others in connection.execute(_KEYS, [oids]):
        table = chosen[oid]
        if kind == "p":
            table.key = columns
        elif kind == "u" and len(columns) == 1:
            table.unique.add(columns[0])
        elif kind == "f" and other in found:
            table.references.append((columns, (found[other].schema, found[other].name), others))
    for table in chosen.values():
        _sample(connection, table)
    return list(chosen.values())


def _sample(connection: "Connection[Any]", table: SourceTable) -> None:
    """Read some values of the columns of text, which help to classify them; a user without the right sees none."""
    import psycopg
    from psycopg import sql

    texts = [column for column in table.columns if column.type.startswith(("character", "text", "citext"))]
    if not texts:
        return
    query = sql.SQL("SELECT {} FROM {} LIMIT {}").format(
        sql.SQL(", ").join(sql.SQL("left({}::text, 200)").format(sql.Identifier(column.name)) for column in texts),
        sql.Identifier(table.schema, table.name),
        sql.Literal(SAMPLED),
    )
    values: defaultdict[int, list[str]] = defaultdict(list)
    try:
        with connection.transaction():
            for row in connection.execute(query):
                for i, value in enumerate(row):
                    if value is not None:
                        values[i].append(value)
    except psycopg.errors.InsufficientPrivilege:
        return
    for i, column in enumerate(texts):
        column.sample = values[i]
