"""Athena's SQL as a dialect of sqlglot: Trino's grammar, with functions left as they are written.

sqlglot translates many functions by their meaning, which is not always exactly Trino's. Here only
`emulator.athena.typing.functions` defines what a function means.
"""

import typing as t

from sqlglot import exp
from sqlglot.dialects.trino import Trino
from sqlglot.parsers.trino import TrinoParser
from sqlglot.tokenizer_core import TokenType


def call(name: str, *arguments: exp.Expr | None) -> exp.Anonymous:
    """Return a function call."""
    return exp.Anonymous(this=name, expressions=[argument for argument in arguments if argument is not None])


def _decimal(text: exp.Expr) -> exp.Expr:
    """Return the cast of `DECIMAL '1.50'`, whose type has as many digits as are written."""
    whole, _, fraction = text.name.lstrip("+-").partition(".")
    digits = f"{len(whole.lstrip('0')) + len(fraction) or 1}, {len(fraction)}"
    return exp.Cast(this=text, to=exp.DataType.build(f"DECIMAL({digits})"))


def _char(text: exp.Expr) -> exp.Expr:
    """Return the cast of `CHAR 'abc'`, whose type is as long as the text."""
    return exp.Cast(this=text, to=exp.DataType.build(f"CHAR({len(text.name) or 1})"))


class _Parser(TrinoParser):
    TYPE_LITERAL_PARSERS: t.ClassVar[dict[exp.DType, t.Callable[..., t.Any]]] = {
        **TrinoParser.TYPE_LITERAL_PARSERS,
        exp.DType.DECIMAL: lambda self, this, dt: exp.Cast(this=this, to=dt) if dt.expressions else _decimal(this),
        exp.DType.CHAR: lambda self, this, dt: exp.Cast(this=this, to=dt) if dt.expressions else _char(this),
    }
    FUNCTIONS: t.ClassVar[dict[str, t.Callable[..., t.Any]]] = {}
    FUNCTION_PARSERS: t.ClassVar[dict[str, t.Callable[..., t.Any]]] = {
        "CAST": lambda self: self._parse_cast(True),
        "TRY_CAST": lambda self: self._parse_cast(False, safe=True),
        "EXTRACT": lambda self: _extract(self._parse_extract()),
        "TRIM": lambda self: _trim(self._parse_trim()),
        "POSITION": lambda self: _position(self._parse_position()),
        "SUBSTRING": lambda self: _substring(self._parse_substring()),
    }
    NO_PAREN_FUNCTION_PARSERS: t.ClassVar[dict[str, t.Callable[..., t.Any]]] = {
        "CASE": lambda self: self._parse_case(),
        "IF": lambda self: self._parse_if(),
    }
    NO_PAREN_FUNCTIONS: t.ClassVar[dict[TokenType, t.Callable[[], exp.Expr]]] = {
        TokenType.CURRENT_DATE: lambda: call("current_date"),
        TokenType.CURRENT_TIME: lambda: call("current_time"),
        TokenType.CURRENT_TIMESTAMP: lambda: call("current_timestamp"),
        TokenType.LOCALTIME: lambda: call("localtime"),
        TokenType.LOCALTIMESTAMP: lambda: call("localtimestamp"),
    }


def _extract(node: exp.Expr) -> exp.Expr:
    if not isinstance(node, exp.Extract):
        return node
    field = call(node.name.lower(), node.expression)
    field.meta["extract"] = True
    return field


def _trim(node: exp.Trim) -> exp.Expr:
    name = {"LEADING": "ltrim", "TRAILING": "rtrim"}.get(node.text("position"), "trim")
    return call(name, node.this, node.expression)


def _position(node: exp.StrPosition) -> exp.Expr:
    return call("strpos", node.this, node.args.get("substr"))


def _substring(node: exp.Substring) -> exp.Expr:
    return call("substr", node.this, node.args.get("start"), node.args.get("length"))


class AthenaSql(Trino):
    """Trino's dialect with untranslated functions; array indexes stay 1-based and NULL is a type of its own."""

    INDEX_OFFSET = 0
    SUPPORTS_NULL_TYPE = True
    PSEUDOCOLUMNS = frozenset({"$PATH", "$FILE_ROW"})  # type: ignore[assignment]
    Parser = _Parser
