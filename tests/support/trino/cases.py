"""Cases of Trino's own tests: the SQL of their assertions, and what Trino answers."""

import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tests.support.trino import java
from tests.support.trino.java import Call, Literal, Name, NotReadError, Operation

FOLDERS = ("io/trino/operator/scalar/", "io/trino/operator/aggregation/", "io/trino/type/", "io/trino/sql/query/")
_OPERATORS = {
    "ADD": "+",
    "SUBTRACT": "-",
    "MULTIPLY": "*",
    "DIVIDE": "/",
    "MODULUS": "%",
    "EQUAL": "=",
    "LESS_THAN": "<",
    "LESS_THAN_OR_EQUAL": "<=",
    "IDENTICAL": "IS NOT DISTINCT FROM",
}


@dataclass(frozen=True, slots=True)
class Case:
    """An assertion.

    Attributes:
        place: file and line in Trino's tests.
        sql: a query, with `{binding}` columns.
        constants: the same query with constants in place of columns, if it has any.
        expected: `value`, `null`, `matches` (a query with the same rows), `empty` or `error`.
        value: the Java value, the query or the code of the error.
        column_type: what the test says of the type, or None.
        checks_types: whether `matches` compares types.
        is_query: whether the test is about a query, not an expression.
    """

    place: str
    sql: str
    constants: str | None
    expected: str = ""
    value: Any = None
    column_type: Any = None
    checks_types: bool = True
    is_query: bool = False

    @property
    def family(self) -> str:
        """The test class."""
        return self.place.split(".java")[0].removeprefix("Test")


def read(jar: Path) -> Iterator[Case | str]:
    """Yield the cases of a jar, and the place of each assertion that cannot be read."""
    with zipfile.ZipFile(jar) as files:
        for path in files.namelist():
            if path.startswith(FOLDERS) and path.endswith(".java"):
                text = files.read(path).decode()
                if "new QueryAssertions(" in text:
                    yield from _of_file(path.rpartition("/")[2], text)


def _of_file(name: str, text: str) -> Iterator[Case | str]:
    for line, tree in java.statements(text, start="assertThat|assertTrinoExceptionThrownBy|assertThatThrownBy"):
        place = f"{name}:{line}"
        try:
            case = _case(place, tree)
        except (NotReadError, AttributeError, IndexError, ValueError, TypeError):
            yield place
        else:
            if case is not None:
                yield case


def _case(place: str, tree: Any) -> Case | None:
    """Return the case of an assertion; None for one that is not about SQL."""
    chain: list[Call] = []
    while isinstance(tree, Call) and tree.target is not None:
        chain.append(tree)
        tree = tree.target
    if tree is None:
        raise NotReadError
    subject = tree.arguments[0]
    if isinstance(subject, Operation) and subject.sign == "lambda":
        subject = subject.parts[0]
    bindings: dict[str, str] = {}
    while isinstance(subject, Call) and subject.name in ("binding", "evaluate"):
        if subject.name == "binding":
            bindings[_text(subject.arguments[0])] = _text(subject.arguments[1])
        subject = subject.target
    if not (isinstance(subject, Call) and subject.target == Name("assertions")):
        return None
    case = _subject(place, subject, bindings)
    if "ThrownBy" in tree.name:
        case = replace(case, expected="error")
    for call in reversed(chain):
        case = _expected(case, call)
    if not case.expected:
        raise NotReadError
    return case


def _subject(place: str, subject: Call, bindings: dict[str, str]) -> Case:
    arguments = list(subject.arguments)
    if subject.name == "query" and len(arguments) == 1:
        return Case(place, _text(arguments[0]), None, is_query=True)
    if subject.name == "expression" and len(arguments) == 1:
        expression = _text(arguments[0])
        # Bindings come in the reverse order.
        bindings = dict(reversed(bindings.items()))
    elif subject.name in ("function", "operator"):
        first = arguments[0]
        name = _text(first) if subject.name == "function" else first.text.rpartition(".")[2]
        bindings = {f"a{index}": _text(argument) for index, argument in enumerate(arguments[1:])}
        expression = _applied(name, list(bindings), operator=subject.name == "operator")
    else:
        raise NotReadError
    if not bindings:
        return Case(place, f"SELECT {expression}", None)
    columns = f"SELECT {expression} FROM (VALUES ROW({', '.join(bindings.values())})) t({', '.join(bindings)})"
    return Case(place, columns, f"SELECT {_with_constants(expression, bindings)}")


def _applied(name: str, arguments: list[str], *, operator: bool) -> str:
    if not operator:
        quoted = name if re.fullmatch(r"\w+", name) else f'"{name}"'
        return f"{quoted}({', '.join(arguments)})"
    match name:
        case "NEGATION":
            return f"-{arguments[0]}"
        case "SUBSCRIPT":
            return f"{arguments[0]}[{arguments[1]}]"
    if name not in _OPERATORS:
        raise NotReadError
    return f"{arguments[0]} {_OPERATORS[name]} {arguments[1]}"


def _with_constants(expression: str, bindings: dict[str, str]) -> str:
    names = "|".join(map(re.escape, bindings))

    def replaced(match: re.Match[str]) -> str:
        return match.group() if match.group(1) is None else f"({bindings[match.group(1)]})"

    return re.sub(rf"'(?:[^']|'')*'|\"[^\"]*\"|\b({names})\b(?!\s*->)", replaced, expression)


def _expected(case: Case, call: Call) -> Case:
    """Return a case with what one more call says about it."""
    argument = call.arguments[0] if call.arguments else None
    match call.name:
        case "matches":
            query = _text(argument)
            return replace(case, expected="matches", value=query if case.is_query else f"SELECT {query}")
        case "isEqualTo":
            return replace(case, expected="value", value=argument)
        case "isNull":
            return replace(case, expected="null", column_type=argument)
        case "hasType":
            return replace(case, expected=case.expected or "type", column_type=argument)
        case "isTrue" | "isFalse":
            return replace(case, expected="value", value=Literal(call.name == "isTrue", "true"))
        case "returnsEmptyResult":
            return replace(case, expected="empty")
        case "failure" | "nonTrinoExceptionFailure":
            return replace(case, expected="error")
        case "hasErrorCode":
            return replace(case, value=argument.text.rpartition(".")[2])
        case "skippingTypesCheck":
            return replace(case, checks_types=False)
        case "hasMessage" | "hasMessageMatching" | "hasMessageContaining" | "ordered" | "describedAs" | "isInstanceOf":
            return case
    raise NotReadError


def _text(tree: Any) -> str:
    """Return a text of literals, with what `format` and `formatted` put into them."""
    match tree:
        case Literal(value=str() as text):
            return text
        case Literal(value=value, kind="int"):
            return str(value)
        case Name(text="Long.MIN_VALUE"):
            return str(-(2**63))
        case Name(text="Long.MAX_VALUE"):
            return str(2**63 - 1)
        case Name(text="Integer.MIN_VALUE"):
            return str(-(2**31))
        case Name(text="Integer.MAX_VALUE"):
            return str(2**31 - 1)
        case Operation(sign="+", parts=(left, right)):
            return _text(left) + _text(right)
        case Call(target=None, name="format", arguments=(form, *values)):
            return _text(form) % tuple(map(_text, values))
        case Call(name="formatted", target=form, arguments=values):
            return _text(form) % tuple(map(_text, values))
        case Call(name="repeat", target=text, arguments=(Literal(value=int() as times),)):
            return _text(text) * times
    raise NotReadError
