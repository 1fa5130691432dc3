"""Statements of Athena, parsed: which language a statement is in, and those that are Athena's own."""

from collections.abc import Callable

from sqlglot import exp

from emulator.athena.parsing import parse_alter, parse_hive, parse_show
from emulator.athena.parsing.clauses import table_name, with_properties
from emulator.athena.parsing.cursor import Cursor, strip
from emulator.athena.parsing.dialect import AthenaSql
from emulator.athena.parsing.parse_query import parse_tree, query
from emulator.athena.runtime.errors import MalformedQueryError, not_supported
from emulator.athena.runtime.statements import (
    CreateTableAs,
    CreateView,
    Deallocate,
    Delete,
    Execute,
    Explain,
    Insert,
    Merge,
    Name,
    Optimize,
    Prepare,
    Query,
    RepairTable,
    Statement,
    Unload,
    Update,
    Vacuum,
)

_UNSUPPORTED = {
    *("ANALYZE", "CALL", "COMMENT", "COMMIT", "DENY", "EXPORT", "GRANT", "IMPORT", "LOAD", "LOCK", "REFRESH"),
    *("RESET", "REVOKE", "ROLLBACK", "SET", "START", "TRUNCATE", "UNLOCK", "USE"),
}


Read = Callable[[str], exp.Expr]
"""Reads a query."""


def parse(sql: str, *, read: Read = query) -> Statement:
    """Return the statement of a text.

    Args:
        sql: the text.
        read: reads the query of a SELECT, CTAS, CREATE VIEW, INSERT, UNLOAD or EXPLAIN.

    Raises:
        MalformedQueryError: Athena has no such statement; the message has Athena's position and reason.
        AthenaError: NOT_SUPPORTED: Athena has the statement, the emulator does not.
    """
    text = strip(sql)
    cursor = Cursor(text)
    word = cursor.token.word or cursor.token.text
    match word:
        case "SELECT" | "WITH" | "VALUES" | "TABLE" | "(":
            return Query(text=text, tree=read(text))
        case "CREATE":
            return _create(cursor, read)
        case "DROP":
            cursor.next()
            return parse_hive.drop(cursor)
        case "ALTER":
            cursor.next()
            return parse_alter.alter(cursor)
        case "INSERT":
            return _insert(cursor, read)
        case "UPDATE" | "DELETE" | "MERGE":
            return _change(cursor, word)
        case "UNLOAD":
            return _unload(cursor, read)
        case "EXPLAIN":
            return _explain(cursor, read)
        case "SHOW" | "DESCRIBE" | "DESC":
            return parse_show.parse(cursor)
        case "MSCK":
            cursor.expect("MSCK", "REPAIR", "TABLE")
            return RepairTable(text=cursor.text, name=_only_table(cursor))
        case "OPTIMIZE":
            return _optimize(cursor)
        case "VACUUM":
            cursor.next()
            return Vacuum(text=cursor.text, name=_only_table(cursor))
        case "PREPARE" | "EXECUTE" | "DEALLOCATE":
            return _prepared(cursor, word, read)
        case "USING":
            raise not_supported("USING EXTERNAL FUNCTION")
    if word in _UNSUPPORTED:
        raise MalformedQueryError("Queries of this type are not supported")
    raise cursor.mismatch(
        "ALTER", "CREATE", "DELETE", "DESCRIBE", "DROP", "EXPLAIN", "INSERT", "MERGE", "SHOW", "<query>"
    )


def _create(cursor: Cursor, read: Read) -> Statement:
    cursor.expect("CREATE")
    if cursor.accept("DATABASE") or cursor.accept("SCHEMA"):
        return parse_hive.create_database(cursor)
    if cursor.accept("EXTERNAL", "TABLE"):
        return parse_hive.create_table(cursor, external=True)
    replace = cursor.accept("OR", "REPLACE")
    if cursor.accept("VIEW"):
        name = table_name(cursor)
        cursor.expect("AS")
        rest = cursor.rest()
        return CreateView(text=cursor.text, name=name, replace=replace, tree=read(rest), sql=rest.strip())
    if replace:
        raise cursor.mismatch("VIEW")
    cursor.expect("TABLE")
    if _is_ctas(cursor):
        return _create_table_as(cursor, read)
    return parse_hive.create_table(cursor, external=False)


def _is_ctas(cursor: Cursor) -> bool:
    """Return whether WITH or AS follows the table's name; a definition has its columns in parentheses there."""
    for ahead in range(len(cursor.tokens)):
        token = cursor.peek(ahead)
        if token.text == "(":
            return False
        if token.word in ("WITH", "AS"):
            return True
    return False


def _create_table_as(cursor: Cursor, read: Read) -> CreateTableAs:
    if_not_exists = cursor.accept("IF", "NOT", "EXISTS")
    name = table_name(cursor)
    properties = with_properties(cursor) if cursor.accept("WITH") else {}
    cursor.expect("AS")
    rest = cursor.rest()
    tail = [token.word for token in cursor.tokens[-3:]]
    with_data = True
    for ending, data in ((["WITH", "NO", "DATA"], False), (["WITH", "DATA"], True)):
        if tail[-len(ending) :] == ending:
            rest, with_data = rest[: cursor.tokens[-len(ending)].start], data
            break
    return CreateTableAs(
        text=cursor.text,
        name=name,
        if_not_exists=if_not_exists,
        properties=properties,
        tree=read(rest),
        with_data=with_data,
    )


def _insert(cursor: Cursor, read: Read) -> Insert:
    cursor.expect("INSERT", "INTO")
    cursor.accept("TABLE")
    name = table_name(cursor)
    columns: list[str] = []
    after = cursor.peek(1)
    if cursor.token.text == "(" and after.text != "(" and after.word not in ("SELECT", "WITH", "VALUES", "TABLE"):
        cursor.expect("(")
        columns.append(cursor.name())
        while cursor.accept(","):
            columns.append(cursor.name())
        cursor.expect(")")
    return Insert(text=cursor.text, name=name, columns=columns, tree=read(cursor.rest()))


def _change(cursor: Cursor, word: str) -> Statement:
    tree = parse_tree(cursor.text)
    target = tree.this
    if not isinstance(target, exp.Table):
        raise MalformedQueryError(f"line 1:1: {word} needs the name of a table")
    name = Name(target.db.lower() or None, target.name.lower())
    if isinstance(tree, exp.Update):
        return Update(text=cursor.text, name=name, tree=tree)
    if isinstance(tree, exp.Delete):
        return Delete(text=cursor.text, name=name, tree=tree)
    if isinstance(tree, exp.Merge):
        return Merge(text=cursor.text, name=name, tree=tree)
    raise MalformedQueryError(f"line 1:1: mismatched input '{word}'")


def _unload(cursor: Cursor, read: Read) -> Unload:
    cursor.expect("UNLOAD", "(")
    depth = 1
    padded = cursor.rest()
    while depth:
        if cursor.at_end:
            raise cursor.mismatch(")")
        depth += {"(": 1, ")": -1}.get(cursor.token.text, 0)
        last = cursor.next()
    cursor.expect("TO")
    location = cursor.string()
    properties = with_properties(cursor) if cursor.accept("WITH") else {}
    cursor.expect_end()
    return Unload(text=cursor.text, tree=read(padded[: last.start]), location=location, properties=properties)


def _explain(cursor: Cursor, read: Read) -> Explain:
    cursor.expect("EXPLAIN")
    analyze = cursor.accept("ANALYZE")
    if cursor.token.text == "(" and cursor.peek(1).word in ("TYPE", "FORMAT"):
        raise not_supported("EXPLAIN with options")
    return Explain(text=cursor.text, tree=read(cursor.rest()), analyze=analyze)


def _optimize(cursor: Cursor) -> Optimize:
    cursor.expect("OPTIMIZE")
    name = table_name(cursor)
    cursor.expect("REWRITE", "DATA", "USING", "BIN_PACK")
    where = None
    if cursor.accept("WHERE"):
        where = parse_tree(f"SELECT 1 WHERE {cursor.text[cursor.token.start :]}").args["where"].this
    else:
        cursor.expect_end()
    return Optimize(text=cursor.text, name=name, where=where)


def _prepared(cursor: Cursor, word: str, read: Read) -> Statement:
    cursor.next()
    if word == "DEALLOCATE":
        cursor.expect("PREPARE")
        return Deallocate(text=cursor.text, statement=cursor.name())
    name = cursor.name()
    if word == "PREPARE":
        cursor.expect("FROM")
        inner = cursor.text[cursor.token.start :]
        parse(inner, read=read)
        return Prepare(text=cursor.text, statement=name, query=inner)
    parameters: list[str] = []
    if cursor.accept("USING"):
        values = parse_tree(f"SELECT {cursor.text[cursor.token.start :]}")
        parameters = [value.sql(AthenaSql) for value in values.expressions]
    return Execute(text=cursor.text, statement=name, parameters=parameters)


def _only_table(cursor: Cursor) -> Name:
    name = table_name(cursor)
    cursor.expect_end()
    return name
