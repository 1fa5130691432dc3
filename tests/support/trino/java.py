"""Reading of Java: the expressions that stand in a test's assertions, as trees.

Only what assertions consist of is read: literals, names, calls, `new`, casts, lambdas, `+` and `-`. The rest raises.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_TOKEN = re.compile(
    r'(?P<block>"""\s*?\n.*?(?<!\\)""")'
    r'|(?P<string>"(?:[^"\\\n]|\\.)*")'
    r"|(?P<char>'(?:[^'\\\n]|\\.)+')"
    r"|(?P<comment>//[^\n]*|/\*.*?\*/)"
    r"|(?P<number>(?:0[xX][0-9a-fA-F_]+|\d[\d_]*(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+)[lLfFdD]?)"
    r"|(?P<name>[A-Za-z_$][\w$]*)"
    r"|(?P<sign>->|::|[-+*/%=<>!&|^?:;,.(){}\[\]@~])",
    re.DOTALL,
)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "s": " ", "0": "\0"}
_CASTS = {"byte", "short", "int", "long", "float", "double", "Object", "String", "char", "Integer", "Long", "Double"}


class NotReadError(Exception):
    """Java that this module does not read."""


@dataclass(frozen=True, slots=True)
class Token:
    kind: str
    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Literal:
    """A literal; floats (`1.5f`) are marked by their kind."""

    value: Any
    kind: str


@dataclass(frozen=True, slots=True)
class Name:
    """A name such as `Double.NaN`."""

    text: str


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a method or, without a target and with `new`, of a constructor."""

    target: Any
    name: str
    arguments: tuple[Any, ...]
    new: bool = False


@dataclass(frozen=True, slots=True)
class Operation:
    """`+`, `-`, a cast, or the body of a lambda."""

    sign: str
    parts: tuple[Any, ...]


def tokens(text: str) -> list[Token]:
    found = []
    line, at = 1, 0
    for match in _TOKEN.finditer(text):
        line += text.count("\n", at, match.start())
        at = match.start()
        if match.lastgroup != "comment":
            found.append(Token(str(match.lastgroup), match.group(), line))
    return found


def statements(text: str, *, start: str) -> Iterator[tuple[int, Any]]:
    """Yield the line and the tree of each statement that begins with a pattern; None for a tree that cannot be read."""
    found = tokens(text)
    for index, token in enumerate(found):
        if token.kind == "name" and re.fullmatch(start, token.text) and found[index - 1].text in ";{}":
            parser = Parser(found, index)
            try:
                tree = parser.expression()
                parser.expect(";")
            except (NotReadError, IndexError):
                tree = None
            yield token.line, tree


class Parser:
    """A reader of one expression, from a token on."""

    def __init__(self, found: list[Token], at: int) -> None:
        self.tokens, self.at = found, at

    @property
    def text(self) -> str:
        return self.tokens[self.at].text

    def take(self) -> Token:
        self.at += 1
        return self.tokens[self.at - 1]

    def expect(self, text: str) -> None:
        if self.take().text != text:
            raise NotReadError

    def expression(self) -> Any:
        if self.text == "(" and [t.text for t in self.tokens[self.at + 1 : self.at + 3]] == [")", "->"]:
            self.at += 3
            return Operation("lambda", (self.expression(),))
        left = self.unary()
        while self.text in ("+", "-", "*"):
            sign = self.take().text
            left = Operation(sign, (left, self.unary()))
        return left

    def unary(self) -> Any:
        if self.text in ("-", "+"):
            sign = self.take().text
            return Operation(f"unary {sign}", (self.unary(),))
        if self.text == "(" and self.tokens[self.at + 1].text in _CASTS and self.tokens[self.at + 2].text == ")":
            kind = self.tokens[self.at + 1].text
            self.at += 3
            return Operation(f"cast {kind}", (self.unary(),))
        return self.postfix(self.primary())

    def primary(self) -> Any:
        token = self.take()
        match token.kind:
            case "string" | "char":
                return Literal(_unescape(token.text[1:-1]), token.kind)
            case "block":
                return Literal(_text_block(token.text), "string")
            case "number":
                return _number(token.text)
        if token.text == "(":
            inside = self.expression()
            self.expect(")")
            return inside
        if token.text == "new":
            return self.new()
        if token.kind != "name":
            raise NotReadError
        if token.text in ("true", "false", "null"):
            return Literal({"true": True, "false": False, "null": None}[token.text], token.text)
        return Call(None, token.text, self.arguments()) if self.text == "(" else Name(token.text)

    def new(self) -> Any:
        name = self.take().text
        while self.text == ".":
            self.at += 1
            name += "." + self.take().text
        self.skip_generics()
        if self.text == "[":
            while self.text in "[]":
                self.at += 1
            return Call(None, "array", self.arguments("{", "}"), new=True)
        return Call(None, name, self.arguments(), new=True)

    def postfix(self, tree: Any) -> Any:
        while self.text in (".", "::"):
            sign = self.take().text
            if sign == "::":
                return Call(tree, self.take().text, ())
            self.skip_generics()
            name = self.take().text
            if self.text == "(":
                tree = Call(tree, name, self.arguments())
            elif isinstance(tree, Name):
                tree = Name(f"{tree.text}.{name}")
            else:
                raise NotReadError
        return tree

    def arguments(self, first: str = "(", last: str = ")") -> tuple[Any, ...]:
        self.expect(first)
        found: list[Any] = []
        while self.text != last:
            found.append(self.expression())
            if self.text != last:
                self.expect(",")
        self.at += 1
        return tuple(found)

    def skip_generics(self) -> None:
        if self.text != "<":
            return
        depth = 0
        while True:
            depth += {"<": 1, ">": -1}.get(self.take().text, 0)
            if not depth:
                return


def _unescape(text: str) -> str:
    """Return the text of a Java literal."""

    def replaced(match: re.Match[str]) -> str:
        code = match.group(1)
        return chr(int(code.lstrip("u"), 16)) if code[0] == "u" else _ESCAPES.get(code, code)

    plain = re.sub(r"\\(u+[0-9a-fA-F]{4}|.)", replaced, text, flags=re.DOTALL)
    return plain.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _text_block(text: str) -> str:
    lines = text[3:-3].split("\n")[1:]
    indent = min((len(line) - len(line.lstrip()) for line in [*lines[:-1], lines[-1] + "."] if line.strip()), default=0)
    cut = [line[indent:].rstrip() for line in lines]
    return _unescape("\n".join(cut).replace("\\\n", ""))


def _number(text: str) -> Literal:
    digits = text.replace("_", "")
    if digits.lower().startswith("0x"):
        return Literal(int(digits.rstrip("lL"), 16), "int")
    if digits[-1] in "fF":
        return Literal(float(digits[:-1]), "float")
    if digits[-1] in "dD" or re.search(r"[.eE]", digits):
        return Literal(float(digits.rstrip("dD")), "double")
    return Literal(int(digits.rstrip("lL")), "int")
