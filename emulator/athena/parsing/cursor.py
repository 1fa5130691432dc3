"""Tokens of a statement and a cursor over them, for the parts of Athena's SQL that are Hive's or Athena's own."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from emulator.athena.runtime.errors import MalformedQueryError

_SPACE = r"\s+|--[^\n]*|/\*.*?\*/"
_REST = r"""
      | (?P<quoted>"(?:[^"]|"")*"|`(?:[^`]|``)*`)
      | (?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)
      | (?P<word>[^\W\d][\w$]*)
      | (?P<other>.)"""
_TRINO = re.compile(rf"(?P<space>{_SPACE}) | (?P<string>'(?:[^']|'')*') {_REST}", re.DOTALL | re.VERBOSE)
_HIVE = re.compile(rf"(?P<space>{_SPACE}) | (?P<string>'(?:[^'\\]|''|\\.)*') {_REST}", re.DOTALL | re.VERBOSE)
_HIVE_STATEMENT = re.compile(
    rf"(?:{_SPACE})*+(?:ALTER|CREATE\s+(?:EXTERNAL|DATABASE|SCHEMA|TABLE)|DESC|DESCRIBE|DROP|MSCK|SHOW)\b",
    re.DOTALL | re.IGNORECASE,
)
_ESCAPES = {"t": "\t", "n": "\n", "r": "\r", "b": "\b", "f": "\f", "0": "\0"}


@dataclass(frozen=True, slots=True)
class Token:
    """A token and its place in the text."""

    kind: str
    text: str
    start: int
    end: int

    @property
    def word(self) -> str:
        """Upper-case text of an unquoted word; empty for other tokens."""
        return self.text.upper() if self.kind == "word" else ""


class Cursor:
    """A position in the tokens of a statement, moved by what is read."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = [
            Token(lexeme.lastgroup or "", lexeme[0], lexeme.start(), lexeme.end()) for lexeme in _lexemes(text)
        ]
        self._end = Token("end", "<EOF>", len(text), len(text))
        self._index = 0

    @property
    def token(self) -> Token:
        """The next token, or one of kind `end`."""
        return self.peek(0)

    def peek(self, ahead: int) -> Token:
        """Return the token so many places ahead, or one of kind `end`."""
        index = self._index + ahead
        return self.tokens[index] if index < len(self.tokens) else self._end

    @property
    def at_end(self) -> bool:
        return self._index >= len(self.tokens)

    def next(self) -> Token:
        """Return the next token and step over it."""
        token = self.token
        self._index += 1
        return token

    def accept(self, *words: str) -> bool:
        """Step over these words or signs if they come next, and return whether they did."""
        for ahead, word in enumerate(words):
            token = self.peek(ahead)
            if (token.word or token.text) != word:
                return False
        self._index += len(words)
        return True

    def expect(self, *words: str) -> None:
        """Step over these words or signs, which must come next."""
        for word in words:
            if not self.accept(word):
                raise self.mismatch(word)

    def expect_end(self) -> None:
        """Raise if anything follows."""
        if not self.at_end:
            raise self.mismatch("<EOF>")

    def mismatch(self, *expected: str) -> MalformedQueryError:
        """Return the error of the next token."""
        place = line_column(self.text, self.token.start)
        hint = f" Expecting: {', '.join(repr(word) for word in expected)}" if expected else ""
        return MalformedQueryError(f"{place}: mismatched input '{self.token.text}'.{hint}")

    def name(self) -> str:
        """Read one identifier, in lower case as in Glue."""
        token = self.token
        if token.kind == "quoted":
            self.next()
            return token.text[1:-1].replace(token.text[0] * 2, token.text[0]).lower()
        if token.kind != "word":
            raise self.mismatch("<identifier>")
        self.next()
        return token.text.lower()

    def dotted(self) -> list[str]:
        """Read the parts of a name such as `catalog.database.table`."""
        parts = [self.name()]
        while self.accept("."):
            parts.append(self.name())
        return parts

    def string(self) -> str:
        """Read the value of a string in single or double quotes, with Hive's escapes."""
        token = self.token
        if token.kind not in ("string", "quoted") or token.text[0] == "`":
            raise self.mismatch("<string>")
        self.next()
        quote = token.text[0]
        inside = token.text[1:-1].replace(quote * 2, quote)
        return re.sub(r"\\(u[0-9a-fA-F]{4}|[0-7]{3}|.)", _unescape, inside, flags=re.DOTALL)

    def rest(self) -> str:
        """Return the rest of the text after blanks for all that was read, so that positions in it stay the same."""
        start = self.token.start
        return re.sub(r"[^\n]", " ", self.text[:start]) + self.text[start:]

    def skip_type(self) -> str:
        """Read the text of a Hive type such as `map<string,decimal(3,1)>`."""
        start = self.token.start
        depth = 0
        while not self.at_end:
            text = self.token.text
            if depth == 0 and (text in (",", ")") or self.token.word in ("COMMENT", "FIRST", "AFTER")):
                break
            depth += (text in "<(") - (text in ">)")
            last = self.next()
        if start == self.token.start:
            raise self.mismatch("<type>")
        return self.text[start : last.end]


def _lexemes(text: str) -> Iterator[re.Match[str]]:
    """Yield the tokens of a text; a backslash is an escape in Hive's strings, and a plain character in Trino's."""
    pattern = _HIVE if _HIVE_STATEMENT.match(text) else _TRINO
    return (lexeme for lexeme in pattern.finditer(text) if lexeme.lastgroup != "space")


def _unescape(match: re.Match[str]) -> str:
    escape = match[1]
    if len(escape) > 1:
        return chr(int(escape[1:], 16) if escape[0] == "u" else int(escape, 8))
    return _ESCAPES.get(escape, escape)


def line_column(text: str, offset: int) -> str:
    """Return an offset as `line 1:8`."""
    return f"line {text.count(chr(10), 0, offset) + 1}:{offset - text.rfind(chr(10), 0, offset)}"


def strip(text: str) -> str:
    """Return a statement without comments, blanks and semicolons at its end; positions in it stay the same."""
    tokens = list(_lexemes(text))
    while tokens and tokens[-1][0] == ";":
        tokens.pop()
    return text[: tokens[-1].end()] if tokens else ""
