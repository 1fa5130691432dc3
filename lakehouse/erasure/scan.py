"""Decide whether an object contains a person's data, in Parquet, Avro, JSON or CSV, compressed or not.

A record is the person's if its key columns have the person's values. A distinctive value (six characters or more, at
least one of them a letter) is also searched for in every text.
"""

import codecs
import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any

import fastavro
import pyarrow as pa
import pyarrow.parquet as pq

from lakehouse.contracts.columns import ERRORS, RECORD
from lakehouse.erasure.subject import Trait, comparable_text
from lakehouse.readers.chunk import UnreadableError
from lakehouse.readers.content import decompressed

Person = tuple[Trait, ...]
"""The key columns of one person with their values."""

_NO_SPACE = re.compile(r"\S")
_LINE_END = re.compile(r"[\r\n]")


def distinctive(people: Iterable[Person]) -> set[str]:
    """Return the values of some people that are unlikely to occur by chance."""
    return {text for person in people for trait in person for text in trait.texts if _is_distinctive(text)}


def contains(content: bytes, people: Iterable[Person], *, others: Iterable[Person] = ()) -> bool:
    """Return whether an object contains data of one of some people.

    Args:
        content: bytes of the object, compressed or not.
        people: people to search for by key columns and by distinctive values.
        others: people to search for by distinctive values only, because their key columns mean something else here.
    """
    people = list(people)
    texts = distinctive((*people, *others))
    try:
        with decompressed(io.BytesIO(content)) as (file, _):
            content = file.read()
    except UnreadableError:
        pass  # search the bytes as they are
    if any(text.encode() in content for text in texts):
        return True
    return any(
        any(_is_of(record, person) for person in people)
        or any(text in field for field in _texts(record) for text in texts)
        for record in _records(content)
    )


def _is_distinctive(text: str) -> bool:
    return len(text) >= 6 and re.search(r"[^\W\d_]", text) is not None


def _records(content: bytes) -> Iterator[Mapping[str, Any]]:
    """Yield the records of a file; of a damaged file, the records before the damage."""
    if content.startswith(b"PAR1"):
        with suppress(pa.ArrowException, OSError):
            for batch in pq.ParquetFile(io.BytesIO(content)).iter_batches():
                for row in zip(*map(_values, batch.columns), strict=True):
                    yield dict(zip(batch.schema.names, row, strict=True))
    elif content.startswith(b"Obj\x01"):
        with suppress(Exception):  # fastavro raises any exception on a damaged byte: there is no narrower class
            yield from (record for record in fastavro.reader(io.BytesIO(content)) if isinstance(record, dict))
    else:
        text = _text(content)
        yield from _json_objects(text) if text.lstrip().startswith(("{", "[")) else _csv_records(text)


def _values(column: pa.Array) -> list[Any]:
    try:
        return list(column.to_pylist())
    except (OverflowError, ValueError):  # a time outside of Python's range, or a struct with two fields of one name
        return [column.slice(row, 1).to_string() for row in range(len(column))]


def _text(content: bytes) -> str:
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16", errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def _json_objects(text: str) -> Iterator[Mapping[str, Any]]:
    """Yield the objects of JSON documents, at any depth."""
    waiting = list(_json_values(text))
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            yield value
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value


def _json_values(text: str) -> Iterator[Any]:
    """Yield JSON values one after the other; after invalid JSON, the values that begin and end on one line."""
    decoder, at = json.JSONDecoder(), 0
    with suppress(ValueError, RecursionError):
        while match := _NO_SPACE.search(text, at):
            value, at = decoder.raw_decode(text, match.start())
            yield value
    for line in _LINE_END.split(text[at:]):
        start = line.find("{")
        with suppress(ValueError, RecursionError):
            while start >= 0:
                value, end = decoder.raw_decode(line, start)
                yield value
                start = line.find("{", end)


def _csv_records(text: str) -> Iterator[Mapping[str, Any]]:
    csv.field_size_limit(max(csv.field_size_limit(), len(text)))
    first = io.StringIO(text, newline="").readline()
    yield {"": first}  # a record, if the file has no header
    delimiter = max(",;\t|", key=first.count)
    try:
        yield from csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    except csv.Error:  # a stray quote must not hide the lines after it
        unquoted = io.StringIO(text.replace('"', ""), newline="")
        yield from csv.DictReader(unquoted, delimiter=delimiter, quoting=csv.QUOTE_NONE)


def _is_of(record: Mapping[str, Any], person: Person) -> bool:
    values = {str(name).lower(): comparable_text(value) for name, value in record.items() if value is not None}
    if all(any(values.get(name) in trait.texts for name in trait.names) for trait in person):
        return True
    if not record.get(ERRORS) or not isinstance(record.get(RECORD), str):
        return False
    key_is_missing = any(not trait.names & values.keys() for trait in person)
    return key_is_missing and all(re.search(trait.word, record[RECORD]) for trait in person)


def _texts(record: Mapping[Any, Any]) -> Iterator[str]:
    for value in record.values():
        if isinstance(value, str):
            yield value
        elif isinstance(value, bytes):
            yield value.decode("utf-8", errors="replace")
        elif isinstance(value, dict):
            yield from _texts(value)
        elif isinstance(value, list):
            yield from _texts(dict(enumerate(value)))
