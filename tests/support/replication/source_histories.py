"""Histories of one table that hypothesis generates: an odd schema, changes of rows and of the definition, and stops.

A statement that PostgreSQL refuses, for example on a column that was dropped, changes nothing and is left out.
"""

from dataclasses import dataclass, field

from hypothesis import strategies as st

from lakehouse.contracts import types
from lakehouse.contracts.model import Column, Contract, Format, Ingest, Options, Source

NAMES = ["plain", "Mixed Case", "Größe", "it's", 'say "it"', "名前", "select", "a;b", "100$", "x-y"]
TAME = ["primary key", "full", "index"]
IDENTITIES = [*TAME, "primary key", "primary key", "none", "deferrable", "unlogged"]
STOP, RESUME, RELOAD, CATCH_UP = "stop", "resume", "reload", "catch up"


@dataclass(frozen=True)
class Kind:
    """A type of PostgreSQL: its contract type, good values, and values that the contract's type cannot hold."""

    sql: str
    type: types.Type
    good: tuple[str, ...]
    bad: tuple[str, ...] = ()
    options: Options = field(default_factory=Options)


TEXTS = ("", "a", "A", " b ", "it's", 'q"q', "\\N", "é", "😀", "NULL", "{}")
KEYS = [
    Kind("int", types.INT, ("-1", "0", "1", "2", "3", "2147483647")),
    Kind("bigint", types.LONG, ("-9223372036854775808", "0", "1", "2", "9223372036854775807")),
    Kind("text", types.STRING, TEXTS),
    Kind("char(4)", types.STRING, ("a", "ab", "é", "x y")),
    Kind("numeric(12,2)", types.decimal(12, 2), ("0", "-0.01", "1.50", "9999999999.99"), ("NaN",)),
    Kind("timestamptz", types.TIMESTAMP, ("0001-01-01 00:00:00+00", "2026-03-29 01:30:00.000001+00"), ("infinity",)),
    Kind("date", types.DATE, ("0001-01-01", "9999-12-31", "2024-02-29"), ("infinity", "0044-03-15 BC")),
    Kind("uuid", types.STRING, ("00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff")),
]
VALUES = [
    *KEYS,
    Kind("varchar(5)", types.STRING, ("", "12345", "éé")),
    Kind("double precision", types.DOUBLE, ("0.1", "-0", "1e300", "4.9e-324"), ("NaN", "-Infinity")),
    Kind("real", types.FLOAT, ("1.1", "3.4e38"), ("Infinity",)),
    Kind("numeric", types.decimal(28, 6), ("0", "1.5", "-0.000001"), ("0.0000001", "Infinity", "1e25")),
    Kind("boolean", types.BOOLEAN, ("true", "false")),
    Kind("bytea", types.BINARY, ("\\x", "\\x00ff27")),
    Kind("json", types.STRING, ('{"a": 1}', "[1, null]", '"x"'), ('{"a": 1, "a": 2}',), Options(format=Format.JSON)),
    Kind("time", types.STRING, ("00:00:00", "23:59:59.999999"), ("24:00:00",), Options(format=Format.TIME)),
    Kind("inet", types.STRING, ("10.0.0.1", "::1/64")),
    Kind("interval", types.STRING, ("1 day", "-3 hours")),
]


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def literal(value: str | None) -> str:
    return "NULL" if value is None else "E'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


@dataclass
class History:
    """What happens to one table.

    Attributes:
        table: its name.
        keys, values: its columns, with their kinds.
        required: whether the contract requires the first value.
        before: statements before the replication starts.
        steps: statements and actions after it.
        tame: whether all of it is followed: then the end must be equal and not held.
        mood: `calm` if everything is to be followed, `values` if values may be bad, `odd` if anything may happen.
    """

    table: str
    keys: list[tuple[str, Kind]]
    values: list[tuple[str, Kind]]
    required: bool
    before: list[str] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)
    tame: bool = True
    mood: str = "odd"

    def contract(self, *, database: str) -> Contract:
        columns = [
            Column(
                name=f"{letter}{number}", type=kind.type, source_name=name, options=kind.options,
                required=letter == "k" or (self.required and number == 0),
            )
            for letter, some in (("k", self.keys), ("v", self.values))
            for number, (name, kind) in enumerate(some)
        ]  # fmt: skip
        return Contract(
            path="contracts/test/odd.odcs.yaml",
            domain="test",
            dataset="odd",
            version="1.0.0",
            columns=tuple(columns),
            key=tuple(f"k{number}" for number in range(len(self.keys))),
            ingest=Ingest.CDC,
            source=Source(
                name="shop", type="postgresql", format="parquet", database=database, schema="public", table=self.table
            ),
            ordering=("_change_seq",),
        )


@st.composite
def histories(draw: st.DrawFn) -> History:
    """Draw a history."""
    names = draw(st.lists(st.sampled_from(NAMES), min_size=4, max_size=4, unique=True))
    keys = draw(st.lists(st.sampled_from(KEYS), min_size=1, max_size=2))
    values = draw(st.lists(st.sampled_from(VALUES), min_size=1, max_size=2))
    history = History(
        table=names[3],
        keys=list(zip(names, keys, strict=False)),
        values=list(zip(names[len(keys) :], values, strict=False)),
        required=draw(st.integers(0, 4)) == 0,
        mood=draw(st.sampled_from(["calm", "values", "odd"])),
    )
    mood = history.mood
    identity = draw(st.sampled_from(IDENTITIES)) if mood == "odd" else draw(st.sampled_from(TAME))
    partitioned = identity == "primary key" and keys == [KEYS[0]] and draw(st.booleans())
    _create(history, identity=identity, partitioned=partitioned)
    inserts = [_insert(draw, history) for _ in range(draw(st.integers(0, 4)))]
    history.before += inserts
    for _ in range(draw(st.integers(1, 8))):
        history.steps += _step(draw, history, partitioned=partitioned)
    return history


def _create(history: History, *, identity: str, partitioned: bool) -> None:
    table = quoted(history.table)
    columns = [f"{quoted(name)} {kind.sql}" for name, kind in (*history.keys, *history.values)]
    key = ", ".join(quoted(name) for name, _ in history.keys)
    if identity in ("primary key", "full", "deferrable", "unlogged"):
        columns.append(f"PRIMARY KEY ({key}){' DEFERRABLE' if identity == 'deferrable' else ''}")
    unlogged, by = "UNLOGGED" if identity == "unlogged" else "", f"PARTITION BY RANGE ({key})" if partitioned else ""
    history.before.append(f"CREATE {unlogged} TABLE {table} ({', '.join(columns)}) {by}")
    if identity == "full":
        history.before.append(f"ALTER TABLE {table} REPLICA IDENTITY FULL")
    if identity == "index":
        history.before += [f"ALTER TABLE {table} ALTER {quoted(name)} SET NOT NULL" for name, _ in history.keys]
        history.before.append(f"CREATE UNIQUE INDEX odd_identity ON {table} ({key})")
        history.before.append(f"ALTER TABLE {table} REPLICA IDENTITY USING INDEX odd_identity")
    if partitioned:
        history.before.append(f"CREATE TABLE low PARTITION OF {table} FOR VALUES FROM (MINVALUE) TO (2)")
        history.before.append(f"CREATE TABLE high PARTITION OF {table} FOR VALUES FROM (2) TO (1000)")
    history.tame = identity in ("primary key", "full", "index")


def _value(draw: st.DrawFn, history: History, kind: Kind, *, null: bool) -> str:
    if kind.bad and history.mood != "calm" and draw(st.integers(0, 3)) == 0:
        history.tame = False
        return literal(draw(st.sampled_from(kind.bad)))
    if null and not (history.mood == "calm" and history.required) and draw(st.integers(0, 4)) == 0:
        history.tame = history.tame and not history.required
        return "NULL"
    return literal(draw(st.sampled_from(kind.good)))


def _insert(draw: st.DrawFn, history: History) -> str:
    keys = [_value(draw, history, kind, null=False) for _, kind in history.keys]
    values = [_value(draw, history, kind, null=True) for _, kind in history.values]
    return f"INSERT INTO {quoted(history.table)} VALUES ({', '.join([*keys, *values])})"


def _where(draw: st.DrawFn, history: History) -> str:
    name, kind = draw(st.sampled_from(history.keys))
    return f"WHERE {quoted(name)} = {literal(draw(st.sampled_from(kind.good)))}"


def _step(draw: st.DrawFn, history: History, *, partitioned: bool) -> list[str]:
    table = quoted(history.table)
    rows = ["insert", "update", "insert", "update", "delete", "key", "several", CATCH_UP, "restart", "harmless"]
    odd = ["definition", "definition", "definition", "truncate", "again", "rename", "reload", "partition"]
    what = draw(st.sampled_from(rows if history.mood != "odd" or draw(st.integers(0, 2)) else odd))
    value, kind = draw(st.sampled_from(history.values))
    match what:
        case "insert":
            return [_insert(draw, history)]
        case "update":
            return [
                f"UPDATE {table} SET {quoted(value)} = {_value(draw, history, kind, null=True)} {_where(draw, history)}"
            ]
        case "delete":
            return [f"DELETE FROM {table} {_where(draw, history)}"]
        case "key":
            key, of = draw(st.sampled_from(history.keys))
            return [
                f"UPDATE {table} SET {quoted(key)} = {_value(draw, history, of, null=False)} {_where(draw, history)}"
            ]
        case "restart":
            return [STOP, *(_insert(draw, history) for _ in range(draw(st.integers(0, 2)))), RESUME]
        case "several":
            statements = [_insert(draw, history), f"DELETE FROM {table} {_where(draw, history)}"]
            return ["BEGIN", *statements, draw(st.sampled_from(["COMMIT", "ROLLBACK"]))]
        case "harmless":
            return [f'ALTER TABLE {table} ADD "more {draw(st.integers(0, 99))}" int DEFAULT 5', f"ANALYZE {table}"]
        case "catch up":
            return [CATCH_UP]
    history.tame = False
    match what:
        case "definition":
            return draw(
                st.sampled_from(
                    [
                        [f'ALTER TABLE {table} RENAME {quoted(value)} TO "moved"'],
                        [f"ALTER TABLE {table} DROP {quoted(value)}"],
                        [f"ALTER TABLE {table} ALTER {quoted(value)} TYPE text USING {quoted(value)}::text || 'x'"],
                        [f"ALTER TABLE {table} ALTER {quoted(value)} TYPE {kind.sql} USING NULL"],
                        [f"ALTER TABLE {table} DROP {quoted(value)}, ADD {quoted(value)} {kind.sql}"],
                        [
                            f'ALTER TABLE {table} RENAME {quoted(value)} TO "aside"',
                            _insert(draw, history),
                            f'ALTER TABLE {table} RENAME "aside" TO {quoted(value)}',
                        ],
                        [f"ALTER TABLE {table} DROP CONSTRAINT {quoted(history.table + '_pkey')}"],
                    ]
                )
            )
        case "truncate":
            return [f"TRUNCATE {table}"]
        case "again":
            return [f"DROP TABLE {table}", *[line for line in history.before if line.startswith(("CREATE", "ALTER"))]]
        case "rename":
            return [f'ALTER TABLE {table} RENAME TO "elsewhere"']
        case "reload":
            return [STOP, _insert(draw, history), f"DELETE FROM {table} {_where(draw, history)}", RELOAD]
    if not partitioned:
        return [f"CREATE TABLE child () INHERITS ({table})"]
    return draw(
        st.sampled_from(
            [
                [f"ALTER TABLE {table} DETACH PARTITION high"],
                ["DROP TABLE low"],
                ["TRUNCATE high"],
                [
                    f"CREATE TABLE loose (LIKE {table} INCLUDING ALL)",
                    f"INSERT INTO loose ({quoted(history.keys[0][0])}) VALUES (2147483647)",
                    f"ALTER TABLE {table} ATTACH PARTITION loose FOR VALUES FROM (1000) TO (MAXVALUE)",
                ],
                [
                    f"CREATE TABLE more PARTITION OF {table} FOR VALUES FROM (1000) TO (MAXVALUE)",
                    _insert(draw, history),
                ],
            ]
        )
    )
