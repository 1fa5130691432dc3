"""Read JSON documents: an array of records, one record, or a sequence of both."""

import codecs
import json
import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import IO, NamedTuple

from lakehouse.contracts.model import Contract
from lakehouse.readers.boundaries import TOO_LONG
from lakehouse.readers.chunk import MAX_RECORD, MAX_VALUES, TOO_MANY, Chunk, UnreadableError
from lakehouse.readers.formats.jsonl import chunk_of
from lakehouse.readers.json_text import (
    DECODER,
    InvalidRecordError,
    Nested,
    begins_with_too_many_values,
    check,
    separators,
)
from lakehouse.readers.values import SHOWN, show

BYTES = 4 * 2**20
"""Bytes that are read at a time, and characters of a chunk."""

_LENIENT = json.JSONDecoder(parse_int=str)
_SPACE = re.compile(r"[ \t\r\n]*+")
_BETWEEN = re.compile(r"[ \t\r\n\ufeff]*+")
"""Between documents: each may have been a message of its own, with its byte order mark."""

_SHOWN_LINE = 1000
"""Characters of an invalid line that go to `_record`."""


class _Value(NamedTuple):
    """A value of the document.

    Attributes:
        value: the value, or the ValueError that gives the reason why it is rejected.
        row: the line that it begins on.
        text: its JSON.
    """

    value: Nested
    row: int
    text: str


def read(file: IO[bytes], contract: Contract) -> Iterator[Callable[[], Chunk]]:
    """Yield the records of a JSON document in chunks.

    Args:
        file: UTF-8 text, from `content.utf8`.
        contract: has the columns.

    Raises:
        UnreadableError: the document is not JSON from some line on.
    """
    records: list[_Value] = []
    characters = 0
    document = _Document(file)
    api = contract.source.api
    for record in document.records_at(api.records) if api and api.records else document.records():
        records.append(record)
        characters += len(record.text)
        if characters >= BYTES:
            yield partial(_chunk, records, contract)
            records, characters = [], 0
    yield partial(_chunk, records, contract)


def _chunk(records: list[_Value], contract: Contract) -> Chunk:
    return chunk_of(
        [record.value for record in records],
        contract,
        rows=[record.row for record in records],
        texts=[record.text for record in records],
        broken=[],
    )


class _Document:
    """A position in a document of which only a part is in memory."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._text = ""
        self._at = 0
        self._line = 1
        self._ended = False
        self._is_dense = False

    def records(self) -> Iterator[_Value]:
        """Yield the values at the top level; an array yields its elements."""
        while self._next(_BETWEEN):
            if self._next() == "[":
                self._skip(1)
                yield from self._elements()
            else:
                yield self._value()

    def records_at(self, path: tuple[str, ...]) -> Iterator[_Value]:
        """Yield the elements of an array within objects; all other fields are ignored.

        Args:
            path: names of the fields that lead to the array.
        """
        while self._next(_BETWEEN):
            yield from self._within(path)

    def _within(self, path: tuple[str, ...]) -> Iterator[_Value]:
        if not path:
            if self._next() != "[":
                raise self._unreadable(f"expected an array of records, found {self._next()!r}")
            self._skip(1)
            yield from self._elements()
            return
        has_field = False
        for name in self._fields():
            if name != path[0]:
                self._value()
                continue
            if has_field:
                raise self._unreadable(f"field {name!r} occurs more than once")
            has_field = True
            yield from self._within(path[1:])
        if not has_field:
            raise self._unreadable(f"an object has no field {path[0]!r}, where its records were expected")

    def _fields(self) -> Iterator[Nested]:
        """Yield the names of the fields of an object; the caller reads the value of a field before the next name."""
        separator = self._take("{", "expected an object")
        if self._next() == "}":
            self._skip(1)
            return
        while separator != "}":
            name = self._value().value
            if type(name) is not str:  # a number is a subclass of str
                raise self._unreadable("expected the name of a field")
            self._take(":", "after the name of a field")
            yield name
            separator = self._take(",}", "after a field")

    def _take(self, characters: str, where: str) -> str:
        """Read one of some characters."""
        character = self._next()
        if not character:
            raise self._unreadable("it ends within an object")
        if character not in characters:
            raise self._unreadable(f"{where}, {character!r} is none of {characters!r}")
        self._skip(1)
        return character

    def _elements(self) -> Iterator[_Value]:
        if self._next() != "]":
            yield self._value()
        while (separator := self._next()) == ",":
            self._skip(1)
            yield self._value()
        if separator != "]":
            raise self._unreadable(
                f"expected , or ] after an element, found {separator!r}" if separator else "it ends within an array"
            )
        self._skip(1)

    def _value(self) -> _Value:
        self._next()
        while True:
            try:
                value, end = self._decode()
            except RecursionError:
                raise self._unreadable("it nests too deep") from None
            except json.JSONDecodeError as error:
                # The value may be incomplete because its rest is not in memory yet.
                if self._ended:
                    raise self._invalid(error) from None
                if len(self._text) - self._at > MAX_RECORD:
                    raise self._invalid(error, f"; if the JSON is correct there, a value is {TOO_LONG}") from None
            else:
                # The rest of a number may not be in memory yet: "1e+" of "1e+5".
                if end + len("e+5") <= len(self._text) or self._ended:
                    break
            self._read()
        read = _Value(value, self._line, self._text[self._at : end])
        self._skip(end - self._at)
        return read

    def _decode(self) -> tuple[Nested, int]:
        """Return the next value, or the error that gives the reason why it is rejected, and where it ends."""
        if self._is_dense and begins_with_too_many_values(self._text, self._at):
            raise self._unreadable(f"a value has {TOO_MANY}")
        try:
            value, end = DECODER.raw_decode(self._text, self._at)
        except InvalidRecordError as error:
            return error, _LENIENT.raw_decode(self._text, self._at)[1]
        try:
            check(value, self._text[self._at : end])
        except ValueError as error:
            return error, end
        return value, end

    def _next(self, space: re.Pattern[str] = _SPACE) -> str:
        """Skip white space and return the character after it, empty at the end of the document."""
        while True:
            self._skip(space.match(self._text, self._at).end() - self._at)  # type: ignore[union-attr]
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
        self._is_dense = separators(self._text) > MAX_VALUES
        self._at = 0

    def _invalid(self, error: json.JSONDecodeError, note: str = "") -> UnreadableError:
        """Return the error for a value that is not JSON, with the line of the document that is wrong.

        Args:
            error: its position counts in the part of the document that is in memory.
            note: more about the reason.
        """
        line = self._line + self._text.count("\n", self._at, error.pos)
        start = max(self._at, self._text.rfind("\n", self._at, error.pos) + 1)
        text = self._text[start : error.pos + _SHOWN_LINE].split("\n")[0]
        found = show(self._text[error.pos :].split("\n")[0][:SHOWN]) if error.pos < len(self._text) else "its end"
        return UnreadableError(
            f"expected JSON: {error.msg} on line {line}, found {found}{note}", row=self._line, text=text[:_SHOWN_LINE]
        )

    def _unreadable(self, problem: str) -> UnreadableError:
        return UnreadableError(f"expected JSON: {problem}", row=self._line)
