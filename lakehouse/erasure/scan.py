"""Whether an object's content has a person in it, whatever its format: Parquet, Avro, JSON, CSV, compressed or not.

A record is the person's if it has the columns that name them with their values. A value that nothing else is likely to
have (six characters or more, a letter among them) is looked for in every text besides.
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
from lakehouse.erasure.subject import Trait, text_of
from lakehouse.readers.chunk import UnreadableError
from lakehouse.readers.content import decompressed

Person = tuple[Trait, ...]

_NO_SPACE = re.compile(r"\S")
_LINE_END = re.compile(r"[\r\n]")


def telling(people: Iterable[Person]) -> set[str]:
    """Values of some people that nothing else is likely to have."""
    return {text for person in people for trait in person for text in trait.texts if _is_telling(text)}


def has(content: bytes, people: Iterable[Person], *, others: Iterable[Person] = ()) -> bool:
    """Whether one of some people is in an object's content.

    Args:
        content: the object.
        people: who is looked for.
        others: who is looked for by telling values alone, as columns of their names are another thing here.
    """
    people = list(people)
    texts = telling((*people, *others))
    try:
        with decompressed(io.BytesIO(content)) as (file, _):
            content = file.read()
    except UnreadableError:
        pass  # its bytes are looked at as they are
    if any(text.encode() in content for text in texts):
        return True
    return any(
        any(_is_of(record, person) for person in people)
        or any(text in found for found in _texts(record) for text in texts)
        for record in _records(content)
    )


def _is_telling(text: str) -> bool:
    return len(text) >= 6 and re.search(r"[^\W\d_]", text) is not None


def _records(content: bytes) -> Iterator[Mapping[str, Any]]:
    """Records of a file; of one that is damaged, those before the damage."""
    if content.startswith(b"PAR1"):
        with suppress(pa.ArrowException, OSError):
            for batch in pq.ParquetFile(io.BytesIO(content)).iter_batches():
                for row in zip(*map(_values, batch.columns), strict=True):
                    yield dict(zip(batch.schema.names, row, strict=True))
    elif content.startswith(b"Obj\x01"):
        with suppress(Exception):  # fastavro lets whatever a damaged byte causes escape: there is no narrower class
            yield from (record for record in fastavro.reader(io.BytesIO(content)) if isinstance(record, dict))
    else:
        text = _text(content)
        yield from _of_json(text) if text.lstrip().startswith(("{", "[")) else _of_csv(text)


def _values(column: pa.Array) -> list[Any]:
    try:
        return list(column.to_pylist())
    except (OverflowError, ValueError):  # Python has no such time, or no such record
        return [column.slice(row, 1).to_string() for row in range(len(column))]


def _text(content: bytes) -> str:
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16", errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def _of_json(text: str) -> Iterator[Mapping[str, Any]]:
    """Objects of documents, at any depth."""
    waiting = list(_json_values(text))
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            yield value
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value


def _json_values(text: str) -> Iterator[Any]:
    """Values one after the other; from where something is no JSON, those that begin and end on a line."""
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


def _of_csv(text: str) -> Iterator[Mapping[str, Any]]:
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
    found = {str(name).lower(): text_of(value) for name, value in record.items() if value is not None}
    if all(any(found.get(name) in trait.texts for name in trait.names) for trait in person):
        return True
    if not record.get(ERRORS) or not isinstance(record.get(RECORD), str):
        return False
    unread = any(not trait.names & found.keys() for trait in person)
    return unread and all(re.search(trait.word, record[RECORD]) for trait in person)


def _texts(record: Mapping[str, Any]) -> Iterator[str]:
    for value in record.values():
        if isinstance(value, str):
            yield value
        elif isinstance(value, bytes):
            yield value.decode("utf-8", errors="replace")
        elif isinstance(value, dict):
            yield from _texts(value)
        elif isinstance(value, list):
            yield from _texts({str(index): item for index, item in enumerate(value)})
