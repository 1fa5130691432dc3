"""Whether an object's content has a person in it, whatever its format: Parquet, Avro, JSON, CSV, compressed or not.

A record is the person's if it has the columns that name them with their values. A value that nothing else is likely to
have (six characters or more, a letter among them) is looked for in every text besides.
"""

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

from lakehouse.columns import ERRORS, RECORD
from lakehouse.erasure.subject import Trait, text_of
from lakehouse.readers.chunk import UnreadableError
from lakehouse.readers.content import decompressed

Person = tuple[Trait, ...]


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
                yield from batch.to_pylist()
    elif content.startswith(b"Obj\x01"):
        with suppress(Exception):  # fastavro lets whatever a damaged byte causes escape: there is no narrower class
            yield from (record for record in fastavro.reader(io.BytesIO(content)) if isinstance(record, dict))
    else:
        text = content.decode("utf-8-sig", errors="replace")
        yield from _of_json(text) if text.lstrip().startswith(("{", "[")) else _of_csv(text)


def _of_json(text: str) -> Iterator[Mapping[str, Any]]:
    """Objects of a document or of lines, at any depth."""
    try:
        waiting: list[Any] = [json.loads(text)]
    except ValueError:
        waiting = [_or_none(line) for line in text.splitlines()]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            yield value
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value


def _or_none(line: str) -> Any:
    try:
        return json.loads(line)
    except ValueError:
        return None


def _of_csv(text: str) -> Iterator[Mapping[str, Any]]:
    lines = text.splitlines(keepends=True)
    if lines:
        delimiter = max(",;\t|", key=lines[0].count)
        csv.field_size_limit(max(csv.field_size_limit(), len(text)))
        yield from csv.DictReader(lines, delimiter=delimiter)


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
