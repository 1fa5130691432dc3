"""Read JSON documents: an array of records, one record, or several of either, one after the other."""

import codecs
import json
import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import IO, NamedTuple

from lakehouse.contracts.model import Contract
from lakehouse.readers.boundaries import TOO_LONG
from lakehouse.readers.chunk import MAX_RECORD, Chunk, UnreadableError
from lakehouse.readers.formats.jsonl import chunk_of
from lakehouse.readers.json_text import DECODER, Nested, RepeatedFieldError, check

BYTES = 4 * 2**20
"""How much is read at a time, and how much goes to a chunk."""

_LENIENT = json.JSONDecoder(parse_int=str)
_SPACE = re.compile(r"[ \t\r\n]*+")


class _Item(NamedTuple):
    value: Nested
    row: int
    text: str


def read(file: IO[bytes], contract: Contract) -> Iterator[Callable[[], Chunk]]:
    """Yield the records of a JSON document in chunks.

    Args:
        file: UTF-8 text, as `content.utf8` makes it.
        contract: says the columns.

    Raises:
        UnreadableError: from some line on the document is no JSON.
    """
    items: list[_Item] = []
    characters = 0
    document = _Document(file)
    api = contract.source.api
    for item in document.items_at(api.records) if api and api.records else document.items():
        items.append(item)
        characters += len(item.text)
        if characters >= BYTES:
            yield partial(_chunk, items, contract)
            items, characters = [], 0
    yield partial(_chunk, items, contract)


def _chunk(items: list[_Item], contract: Contract) -> Chunk:
    return chunk_of(
        [item.value for item in items],
        contract,
        rows=[item.row for item in items],
        texts=[item.text for item in items],
        broken=[],
    )


class _Document:
    """A cursor in a document of which only a part, from `at` on, is in memory."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._text = ""
        self._at = 0
        self._line = 1
        self._ended = False

    def items(self) -> Iterator[_Item]:
        """Yield the values at the top, and in place of an array its elements."""
        while self._next():
            if self._next() == "[":
                self._skip(1)
                yield from self._elements()
            else:
                yield self._item()

    def items_at(self, path: tuple[str, ...]) -> Iterator[_Item]:
        """Yield the elements of an array within objects, whatever else these have.

        Args:
            path: names of the fields that lead to it.
        """
        while self._next():
            yield from self._within(path)

    def _within(self, path: tuple[str, ...]) -> Iterator[_Item]:
        if not path:
            if self._next() != "[":
                raise self._unreadable(f"expected an array of records, found {self._next()!r}")
            self._skip(1)
            yield from self._elements()
            return
        found = False
        for name in self._fields():
            if name != path[0]:
                self._item()
                continue
            if found:
                raise self._unreadable(f"field {name!r} is given twice")
            found = True
            yield from self._within(path[1:])
        if not found:
            raise self._unreadable(f"an object has no field {path[0]!r}, where its records were expected")

    def _fields(self) -> Iterator[Nested]:
        """Names of the fields of an object; whoever gets one takes its value before the next."""
        separator = self._take("{", "expected an object")
        if self._next() == "}":
            self._skip(1)
            return
        while separator != "}":
            name = self._item().value
            if type(name) is not str:  # a number is a text of its own kind
                raise self._unreadable("expected the name of a field")
            self._take(":", "after the name of a field")
            yield name
            separator = self._take(",}", "after a field")

    def _take(self, characters: str, where: str) -> str:
        found = self._next()
        if not found or found not in characters:
            raise self._unreadable(f"{where}, {found!r} is none of {characters!r}" if found else "it ends in an object")
        self._skip(1)
        return found

    def _elements(self) -> Iterator[_Item]:
        if self._next() != "]":
            yield self._item()
        while (separator := self._next()) == ",":
            self._skip(1)
            yield self._item()
        if separator != "]":
            raise self._unreadable(
                f"expected , or ] after an element, found {separator!r}" if separator else "it ends within an array"
            )
        self._skip(1)

    def _item(self) -> _Item:
        self._next()
        while True:
            try:
                value, end = self._decode()
            except RecursionError:
                raise self._unreadable("it nests too deep") from None
            except ValueError as error:
                # It may only be incomplete.
                if self._ended:
                    raise self._unreadable(str(error)) from None
                if len(self._text) - self._at > MAX_RECORD:
                    raise self._unreadable(f"{error}; if nothing is wrong there, a value is {TOO_LONG}") from None
            else:
                # A number may go on in what is not in memory yet: of "1e+5", "1e+" is here.
                if end + len("e+5") <= len(self._text) or self._ended:
                    break
            self._read()
        item = _Item(value, self._line, self._text[self._at : end])
        self._skip(end - self._at)
        return item

    def _decode(self) -> tuple[Nested, int]:
        """The next value, or why it is rejected, and where it ends."""
        try:
            value, end = DECODER.raw_decode(self._text, self._at)
        except RepeatedFieldError as error:
            return error, _LENIENT.raw_decode(self._text, self._at)[1]
        try:
            check(value, self._text[self._at : end])
        except ValueError as error:
            return error, end
        return value, end

    def _next(self) -> str:
        """Skip white space; the character after it, empty at the document's end."""
        while True:
            self._skip(_SPACE.match(self._text, self._at).end() - self._at)  # type: ignore[union-attr]
            if self._at < len(self._text) or self._ended:
                return self._text[self._at : self._at + 1]
            self._read()

    def _skip(self, characters: int) -> None:
        self._line += self._text.count("\n", self._at, self._at + characters)
        self._at += characters

    def _read(self) -> None:
        data = self._file.read(BYTES)
        try:
            more = self._decoder.decode(data, final=not data)
        except UnicodeDecodeError as error:
            raise self._unreadable(f"invalid UTF-8 after this line: {error.reason}") from None
        self._ended = not data
        self._text = self._text[self._at :] + more
        self._at = 0

    def _unreadable(self, problem: str) -> UnreadableError:
        return UnreadableError(f"expected JSON: {problem}", row=self._line)
