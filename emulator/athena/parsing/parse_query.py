"""A query in Trino's SQL, parsed by sqlglot; its errors as Trino's parser words them."""

import re

import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError, TokenError

from emulator.athena.parsing.cursor import line_column
from emulator.athena.parsing.dialect import AthenaSql
from emulator.athena.parsing.normalize import selected
from emulator.athena.parsing.syntax import check, check_tree
from emulator.athena.runtime.errors import MalformedQueryError

_NAMED_TOKEN = re.compile(r" but got <Token .*? start: (?P<start>\d+), end: (?P<end>\d+)", re.DOTALL)


def query(text: str) -> exp.Expr:
    """Return the tree of a query.

    Raises:
        MalformedQueryError: the text is not a query.
    """
    tree = parse_tree(text)
    if not isinstance(tree, exp.Query | exp.Values):
        raise MalformedQueryError(f"line 1:1: mismatched input '{text.split(maxsplit=1)[0]}'. Expecting: <query>")
    return selected(tree) if isinstance(tree, exp.Values) else tree


def parse_tree(text: str) -> exp.Expr:
    """Return the tree of a query, UPDATE, DELETE or MERGE.

    Raises:
        MalformedQueryError: the text is not one statement of Trino's SQL.
    """
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
    first = error.errors[0]
    description = first["description"] or ""
    offset = len(first["start_context"] or "")
    token = first["highlight"] or ""
    named = _NAMED_TOKEN.search(description)
    if named:
        offset, token = int(named["start"]), text[int(named["start"]) : int(named["end"]) + 1]
        description = description[: named.start()]
    elif offset + len(token) >= len(text.rstrip()):
        offset, token = len(text), "<EOF>"
    reason = "" if "<class" in description else f" {description}"
    return f"{line_column(text, offset)}: mismatched input '{token}'.{reason}"
