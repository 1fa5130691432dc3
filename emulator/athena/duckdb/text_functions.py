"""Functions of text whose arguments have to be read before the query runs."""

import re

from sqlglot import exp
from sqlglot.expressions import DType

from emulator.athena.duckdb.writer import SqlWriter
from emulator.athena.runtime import sql_text, sql_types, type_names
from emulator.athena.runtime.errors import AthenaError, not_supported, position
from emulator.athena.typing.signature import type_of

# An escaped character, a class of characters, or an opening parenthesis with the name of its group.
_GROUP = re.compile(r"\\.|\[\^?\]?(?:[^\]\\]|\\.)*\]|\((?P<kind>\?P?<(?P<name>[A-Za-z_]\w*)>|\?)?", re.DOTALL)
_REPLACEMENT = re.compile(r"\\(?P<escaped>.)|\$\{(?P<name>[^}]*)\}|\$(?P<digits>\d+)|(?P<plain>[^\\$]+)", re.DOTALL)


def codepoint(writer: SqlWriter, call: exp.Anonymous) -> str:
    """Return `codepoint` of a varchar(1); Trino does not convert a longer varchar to it."""
    argument = call.expressions[0]
    dt = type_of(argument)
    size = len(argument.name) if isinstance(argument, exp.Literal) else (sql_types.parameters(dt) or [2])[0]
    if size > 1 and dt.this is not DType.NULL:
        kind = f"varchar({size})" if isinstance(argument, exp.Literal) else type_names.trino_name(dt)
        raise AthenaError(
            "FUNCTION_NOT_FOUND",
            f"{position(call)}: Unexpected parameters ({kind}) for function codepoint. Expected: codepoint(varchar(1))",
        )
    return f"trino_codepoint({writer.sql(argument)})"


def trim(writer: SqlWriter, call: exp.Anonymous) -> str:
    return _trimmed(writer, call, "trim")


def ltrim(writer: SqlWriter, call: exp.Anonymous) -> str:
    return _trimmed(writer, call, "ltrim")


def rtrim(writer: SqlWriter, call: exp.Anonymous) -> str:
    return _trimmed(writer, call, "rtrim")


def _trimmed(writer: SqlWriter, call: exp.Anonymous, name: str) -> str:
    """Return a text without characters at its ends; a char loses the blanks at its end before and after."""
    text, *characters = call.expressions
    removed = writer.sql(characters[0]) if characters else "trino_whitespace()"
    if type_of(text).this is DType.CHAR:
        return f"rtrim({name}(rtrim({writer.sql(text)}, ' '), {removed}), ' ')"
    return f"{name}({writer.sql(text)}, {removed})"


def regexp_replace(writer: SqlWriter, call: exp.Anonymous) -> str:
    text, pattern, replacement = call.expressions
    if _is_text(pattern) and _is_text(replacement):
        new = sql_text.literal(_replacement(call, pattern.name, replacement.name))
    else:
        new = f"trino_replacement({writer.sql(replacement)})"
    return f"trino_regexp_replace({writer.sql(text)}, {writer.sql(pattern)}, {new})"


def _is_text(node: exp.Expr) -> bool:
    return isinstance(node, exp.Literal) and node.is_string


def _replacement(call: exp.Anonymous, pattern: str, text: str) -> str:
    """Return Trino's replacement as DuckDB writes it.

    Raises:
        AthenaError: INVALID_FUNCTION_ARGUMENT: it ends in the middle of a reference, or there is no such group.
    """
    groups = [match["name"] or "" for match in _GROUP.finditer(pattern) if match[0][0] == "(" and match["kind"] != "?"]
    parts: list[str] = []
    end = 0
    while end < len(text):
        match = _REPLACEMENT.match(text, end)
        if match is None:
            raise _illegal(call, text)
        end = match.end()
        if match["digits"] is None and match["name"] is None:
            parts.append((match["escaped"] or match["plain"]).replace("\\", "\\\\"))
            continue
        number, rest = _group(call, match, groups)
        if number > 9:
            raise not_supported(f"{position(call)}: regexp_replace with a reference to group {number}")
        parts.append(f"\\{number}{rest}")
    return "".join(parts)


def _group(call: exp.Anonymous, match: re.Match[str], groups: list[str]) -> tuple[int, str]:
    """Return the group of `$12` or `${name}`, and the digits that are not part of its number."""
    if match["name"] is not None:
        if match["name"] not in groups:
            raise _illegal(call, f"unknown group {{ {match['name']} }}")
        return groups.index(match["name"]) + 1, ""
    digits = match["digits"]
    if int(digits[0]) > len(groups):
        raise _illegal(call, f"unknown group {digits[0]}")
    size = max(size for size in range(1, len(digits) + 1) if int(digits[:size]) <= len(groups))
    return int(digits[:size]), digits[size:]


def _illegal(call: exp.Anonymous, what: str) -> AthenaError:
    return AthenaError("INVALID_FUNCTION_ARGUMENT", f"{position(call)}: Illegal replacement sequence: {what}")
