"""The text of a statement to the statement."""

import re

import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError, TokenError

from emulator.athena.parsing import parse_hive, parse_show
from emulator.athena.parsing.cursor import Cursor, line_column, strip
from emulator.athena.parsing.dialect import AthenaSql
from emulator.athena.parsing.normalize import selected
from emulator.athena.parsing.syntax import check, check_tree
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

_NAMED_TOKEN = re.compile(r" but got <Token .*? start: (?P<start>\d+), end: (?P<end>\d+)", re.DOTALL)
_UNSUPPORTED = {
    *("ANALYZE", "CALL", "COMMENT", "COMMIT", "DENY", "EXPORT", "GRANT", "IMPORT", "LOAD", "LOCK", "REFRESH"),
    *("RESET", "REVOKE", "ROLLBACK", "SET", "START", "TRUNCATE", "UNLOCK", "USE"),
}


def parse(sql: str) -> Statement:
    """Read one statement.

    Raises:
        MalformedQueryError: it is none of Athena's; the message says where and why, as Athena does.
        AthenaError: NOT_SUPPORTED: Athena has it, this one does not.
    """
    text = strip(sql)
    cursor = Cursor(text)
    word = cursor.token.word or cursor.token.text
    match word:
        case "SELECT" | "WITH" | "VALUES" | "TABLE" | "(":
            return Query(text=text, tree=query(text))
        case "CREATE":
            return _create(cursor, text)
        case "DROP":
            cursor.next()
            return parse_hive.drop(cursor, text)
        case "ALTER":
            cursor.next()
            return parse_hive.alter(cursor, text)
        case "INSERT":
            return _insert(cursor, text)
        case "UPDATE" | "DELETE" | "MERGE":
            return _change(text, word)
        case "UNLOAD":
            return _unload(cursor, text)
        case "EXPLAIN":
            return _explain(cursor, text)
        case "SHOW" | "DESCRIBE" | "DESC":
            return parse_show.parse(cursor, text)
        case "MSCK":
            cursor.expect("MSCK", "REPAIR", "TABLE")
            return RepairTable(text=text, name=_last(cursor))
        case "OPTIMIZE":
            return _optimize(cursor, text)
        case "VACUUM":
            cursor.next()
            return Vacuum(text=text, name=_last(cursor))
        case "PREPARE" | "EXECUTE" | "DEALLOCATE":
            return _prepared(cursor, text, word)
        case "USING":
            raise not_supported("USING EXTERNAL FUNCTION")
    if word in _UNSUPPORTED:
        raise MalformedQueryError("Queries of this type are not supported")
    raise cursor.mismatch(
        "ALTER", "CREATE", "DELETE", "DESCRIBE", "DROP", "EXPLAIN", "INSERT", "MERGE", "SHOW", "<query>"
    )


def query(text: str) -> exp.Expr:
    """The tree of a query.

    Raises:
        MalformedQueryError: it is no query of Trino's.
    """
    tree = _tree(text)
    if not isinstance(tree, exp.Query | exp.Values):
        raise MalformedQueryError(f"line 1:1: mismatched input '{text.split(maxsplit=1)[0]}'. Expecting: <query>")
    return selected(tree) if isinstance(tree, exp.Values) else tree


def _tree(text: str) -> exp.Expr:
    check(text)
    try:
        trees = sqlglot.parse(text, read=AthenaSql, error_message_context=len(text) + 1)
    except TokenError as error:
        raise MalformedQueryError(f"line 1:1: {error}") from None
    except ParseError as error:
        raise MalformedQueryError(_mismatch(text, error)) from None
    tree, *more = trees
    if more or tree is None:
        raise MalformedQueryError("Only one sql statement is allowed.")
    check_tree(tree)
    return tree


def _mismatch(text: str, error: ParseError) -> str:
    found = error.errors[0]
    description = found["description"] or ""
    offset = len(found["start_context"] or "")
    token = found["highlight"] or ""
    named = _NAMED_TOKEN.search(description)
    if named:
        offset, token = int(named["start"]), text[int(named["start"]) : int(named["end"]) + 1]
        description = description[: named.start()]
    elif offset + len(token) >= len(text.rstrip()):
        offset, token = len(text), "<EOF>"
    more = "" if "<class" in description else f" {description}"
    return f"{line_column(text, offset)}: mismatched input '{token}'.{more}"


def _create(cursor: Cursor, text: str) -> Statement:
    cursor.expect("CREATE")
    if cursor.accept("DATABASE") or cursor.accept("SCHEMA"):
        return parse_hive.create_database(cursor, text)
    if cursor.accept("EXTERNAL", "TABLE"):
        return parse_hive.create_table(cursor, text, external=True)
    replace = cursor.accept("OR", "REPLACE")
    if cursor.accept("VIEW"):
        name = parse_hive.table_name(cursor)
        cursor.expect("AS")
        rest = cursor.rest()
        return CreateView(text=text, name=name, replace=replace, tree=query(rest), sql=rest.strip())
    if replace:
        raise cursor.mismatch("VIEW")
    cursor.expect("TABLE")
    if _is_ctas(cursor):
        return _create_table_as(cursor, text)
    return parse_hive.create_table(cursor, text, external=False)


def _is_ctas(cursor: Cursor) -> bool:
    """A definition has its columns in parentheses after the name; CTAS has WITH or AS there."""
    for ahead in range(len(cursor.tokens)):
        token = cursor.peek(ahead)
        if token.text == "(":
            return False
        if token.word in ("WITH", "AS"):
            return True
    return False


def _create_table_as(cursor: Cursor, text: str) -> CreateTableAs:
    if_not_exists = cursor.accept("IF", "NOT", "EXISTS")
    name = parse_hive.table_name(cursor)
    properties = _with_properties(cursor) if cursor.accept("WITH") else {}
    cursor.expect("AS")
    rest = cursor.rest()
    tail = [token.word for token in cursor.tokens[-3:]]
    with_data = True
    for ending, data in ((["WITH", "NO", "DATA"], False), (["WITH", "DATA"], True)):
        if tail[-len(ending) :] == ending:
            rest, with_data = rest[: cursor.tokens[-len(ending)].start], data
            break
    return CreateTableAs(
        text=text,
        name=name,
        if_not_exists=if_not_exists,
        properties=properties,
        tree=query(rest),
        with_data=with_data,
    )


def _with_properties(cursor: Cursor) -> dict[str, str | list[str]]:
    """`(format = 'PARQUET', partitioned_by = ARRAY['day'])` of CTAS and UNLOAD."""
    found: dict[str, str | list[str]] = {}
    cursor.expect("(")
    while not cursor.accept(")"):
        name = cursor.name()
        cursor.expect("=")
        found[name] = _property_value(cursor)
        if not cursor.accept(",") and cursor.token.text != ")":
            raise cursor.mismatch(",", ")")
    return found


def _property_value(cursor: Cursor) -> str | list[str]:
    if not cursor.accept("ARRAY"):
        return cursor.string() if cursor.token.kind == "string" else cursor.next().text
    values: list[str] = []
    cursor.expect("[")
    while not cursor.accept("]"):
        values.append(cursor.string())
        cursor.accept(",")
    return values


def _insert(cursor: Cursor, text: str) -> Insert:
    cursor.expect("INSERT", "INTO")
    cursor.accept("TABLE")
    name = parse_hive.table_name(cursor)
    columns: list[str] = []
    after = cursor.peek(1)
    if cursor.token.text == "(" and after.text != "(" and after.word not in ("SELECT", "WITH", "VALUES", "TABLE"):
        cursor.expect("(")
        columns.append(cursor.name())
        while cursor.accept(","):
            columns.append(cursor.name())
        cursor.expect(")")
    return Insert(text=text, name=name, columns=columns, tree=query(cursor.rest()))


def _change(text: str, word: str) -> Statement:
    tree = _tree(text)
    target = tree.this
    if not isinstance(target, exp.Table):
        raise MalformedQueryError(f"line 1:1: {word} wants the name of a table")
    name = Name(target.db.lower() or None, target.name.lower())
    if isinstance(tree, exp.Update):
        return Update(text=text, name=name, tree=tree)
    if isinstance(tree, exp.Delete):
        return Delete(text=text, name=name, tree=tree)
    if isinstance(tree, exp.Merge):
        return Merge(text=text, name=name, tree=tree)
    raise MalformedQueryError(f"line 1:1: mismatched input '{word}'")


def _unload(cursor: Cursor, text: str) -> Unload:
    cursor.expect("UNLOAD", "(")
    start, depth = cursor.token.start, 1
    padded = cursor.rest()
    while depth:
        if cursor.at_end:
            raise cursor.mismatch(")")
        depth += {"(": 1, ")": -1}.get(cursor.token.text, 0)
        last = cursor.next()
    cursor.expect("TO")
    location = cursor.string()
    properties = _with_properties(cursor) if cursor.accept("WITH") else {}
    parse_hive.end(cursor)
    return Unload(
        text=text, tree=query(padded[: last.start] if start else ""), location=location, properties=properties
    )


def _explain(cursor: Cursor, text: str) -> Explain:
    cursor.expect("EXPLAIN")
    analyze = cursor.accept("ANALYZE")
    if cursor.token.text == "(" and cursor.peek(1).word in ("TYPE", "FORMAT"):
        raise not_supported("EXPLAIN with options")
    return Explain(text=text, tree=query(cursor.rest()), analyze=analyze)


def _optimize(cursor: Cursor, text: str) -> Optimize:
    cursor.expect("OPTIMIZE")
    name = parse_hive.table_name(cursor)
    cursor.expect("REWRITE", "DATA", "USING", "BIN_PACK")
    where = None
    if cursor.accept("WHERE"):
        where = _tree(f"SELECT 1 WHERE {cursor.text[cursor.token.start :]}").args["where"].this
    else:
        parse_hive.end(cursor)
    return Optimize(text=text, name=name, where=where)


def _prepared(cursor: Cursor, text: str, word: str) -> Statement:
    cursor.next()
    if word == "DEALLOCATE":
        cursor.expect("PREPARE")
        return Deallocate(text=text, statement=cursor.name())
    name = cursor.name()
    if word == "PREPARE":
        cursor.expect("FROM")
        inner = text[cursor.token.start :]
        parse(inner)
        return Prepare(text=text, statement=name, query=inner)
    parameters: list[str] = []
    if cursor.accept("USING"):
        values = _tree(f"SELECT {text[cursor.token.start :]}")
        parameters = [value.sql(AthenaSql) for value in values.expressions]
    return Execute(text=text, statement=name, parameters=parameters)


def _last(cursor: Cursor) -> Name:
    name = parse_hive.table_name(cursor)
    parse_hive.end(cursor)
    return name
