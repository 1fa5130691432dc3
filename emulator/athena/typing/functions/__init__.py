"""The supported functions, one line each: Trino's signature and the equivalent DuckDB expression.

The lines are in the text files of this folder:

    name(parameter types) -> result type := template

Types are Trino's. A single capital letter stands for any type (`N` a number, `D` a date or timestamp, `C` a
timestamp), a small letter in parentheses for a precision or scale, `?` for anything, `...` for any number of such
arguments, `function(A,R)` for a lambda with a parameter of type A and a result of type R.
In a template `{0}` is the first argument, `{*}` all of them, `{type}` the result's DuckDB type. A template `@name` is a
function of `custom_functions` or `time_functions` in `emulator.athena.duckdb`, a result `@name` one of
`emulator.athena.typing.signature`.
"""

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """One overload of a function.

    Attributes:
        name: lower-case name.
        parameters: type patterns of the arguments.
        variadic: whether the last parameter may occur any number of times, including none.
        result: type pattern of the result.
        template: DuckDB expression, or `@` and the name of a Python function that writes it.
    """

    name: str
    parameters: tuple[str, ...]
    variadic: bool
    result: str
    template: str

    @property
    def signature(self) -> str:
        """The signature as Athena's messages show it."""
        return f"{self.name}({', '.join(self.parameters)}{'...' if self.variadic else ''})"


def split(text: str) -> list[str]:
    """Return the parts between the commas outside parentheses."""
    parts, depth, start = [], 0, 0
    for i, char in enumerate(text):
        depth += (char == "(") - (char == ")")
        if char == "," and depth == 0:
            parts.append(text[start:i].strip())
            start = i + 1
    return [*parts, text[start:].strip()] if text.strip() else []


def _parse(line: str) -> Function:
    signature, template = (part.strip() for part in line.split(":=", 1))
    head, result = signature.rsplit("->", 1)
    name, _, inside = head.strip().partition("(")
    parameters = split(inside.removesuffix(")"))
    variadic = bool(parameters) and parameters[-1].endswith("...")
    if variadic:
        parameters[-1] = parameters[-1].removesuffix("...")
    return Function(
        name=name, parameters=tuple(parameters), variadic=variadic, result=result.strip(), template=template
    )


def _load() -> dict[str, list[Function]]:
    table: dict[str, list[Function]] = defaultdict(list)
    for file in sorted(Path(__file__).parent.glob("*.txt")):
        for line in file.read_text().splitlines():
            if line and not line.startswith("#"):
                function = _parse(line)
                table[function.name].append(function)
    return dict(table)


FUNCTIONS = _load()
