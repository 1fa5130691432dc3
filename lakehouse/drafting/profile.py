"""See every record of every file, in bounded memory, by the readers of the product."""

import csv as python_csv
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import IO

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.contracts import types
from lakehouse.contracts.model import Column, Contract, Ingest, Source
from lakehouse.drafting.dialect import Dialect
from lakehouse.drafting.observed import Observed, Place
from lakehouse.readers.chunk import Chunk, UnreadableError
from lakehouse.readers.content import decompressed, utf8
from lakehouse.readers.formats import avro, csv, json, jsonl, parquet
from lakehouse.readers.json_text import Number, load, render
from lakehouse.readers.records import split


class Profile:
    """The columns of files and what was seen of each, by its name in the source.

    Attributes:
        columns: the columns, in the order in which they were found.
        records: number of records.
    """

    def __init__(self) -> None:
        self.columns: dict[str, Observed] = {}
        self.records = 0

    def column(self, name: str, *, place: Place) -> Observed:
        """Return a column; records before it have no value of it."""
        if name not in self.columns:
            self.columns[name] = Observed()
            if self.records:
                self.columns[name].missing(place)
        return self.columns[name]


def profile(paths: Sequence[Path], dialect: Dialect) -> Profile:
    """Read all files; what cannot be read is left out here, and named by the check against the drafted contract."""
    found = Profile()
    for path in paths:
        with path.open("rb") as file:
            try:
                for chunk in _chunks(path, file, dialect):
                    if dialect.format in ("json", "jsonl"):
                        _see_json(found, chunk, path.name)
                    else:
                        _see_columns(found, chunk, path.name, dialect.format)
            except (UnreadableError, pa.ArrowException):
                continue
    return found


def _chunks(path: Path, file: IO[bytes], dialect: Dialect) -> Iterator[Chunk]:
    with closing(_parts(path, file, dialect)) as parts:  # type: ignore[type-var]
        for parse in parts:
            yield parse()


def _parts(path: Path, file: IO[bytes], dialect: Dialect) -> Iterator[Callable[[], Chunk]]:
    if dialect.format == "parquet":
        yield from parquet.read(file)
    elif dialect.format == "avro":
        yield from avro.read(file, _contract(dialect, []))
    else:
        names = csv_names(path, dialect) if dialect.format == "csv" else []
        reader = {"csv": csv.read, "json": json.read, "jsonl": jsonl.read}[dialect.format]
        with decompressed(file) as (content, _):
            yield from reader(utf8(content, encoding=dialect.encoding), _contract(dialect, names))


def csv_names(path: Path, dialect: Dialect) -> list[str]:
    """Return the names of a CSV file's columns as its reader has them, or the positions if there is no header."""
    with path.open("rb") as file, decompressed(file) as (content, _):
        text = utf8(content, encoding=dialect.encoding)
        blocks = split(text, delimiter=dialect.delimiter, quote=dialect.quote, encoding=dialect.encoding)
        first = next((block.text(0) for block in blocks if len(block.lines)), "")
    fields = _fields(first, dialect)
    return [name.strip() for name in fields] if dialect.header else [f"column_{i}" for i in range(1, len(fields) + 1)]


def _fields(record: str, dialect: Dialect) -> list[str]:
    return next(python_csv.reader([record], delimiter=dialect.delimiter, quotechar=dialect.quote), [])


def _contract(dialect: Dialect, names: Sequence[str]) -> Contract:
    """Return a contract of texts; a name that occurs twice cannot be read by its name."""
    once = [name for name in names if name and (names.count(name) == 1 or not dialect.header)]
    return Contract(
        path="", domain="", dataset="", version="0.1.0", key=(), ingest=Ingest.APPEND,
        columns=tuple(Column(name=name, type=types.STRING, source_name=name) for name in once),
        source=Source(
            name="", type="s3", format=dialect.format, encoding=dialect.encoding,
            delimiter=dialect.delimiter, quote=dialect.quote, header=dialect.header,
        ),
    )  # fmt: skip


def _see_columns(found: Profile, chunk: Chunk, file: str, format_: str) -> None:
    """See the records of a format with columns: CSV (texts), Parquet and Avro (Arrow's types)."""
    if not len(chunk.rows):
        return
    first = Place(file, chunk.rows[0].as_py())
    for name, values in chunk.columns.items():
        column = found.column(name, place=first)
        if values.null_count:
            column.missing(Place(file, chunk.rows[pc.index(pc.is_null(values), True).as_py()].as_py()))
        valid = pc.is_valid(values)
        rows = chunk.rows.filter(valid)
        if not len(rows):
            column.arrow.setdefault(values.type, first)
            continue
        column.arrow.setdefault(_declared(values.type, format_), Place(file, rows[0].as_py()))
        column.arrow_is_text = format_ != "csv"
        kind = "nested" if chunk.nested.get(name) else "text"
        if pa.types.is_string(values.type):
            column.see(values.filter(valid), rows, file=file, kind=kind)
        else:
            column.values += len(rows)
    for name in found.columns.keys() - chunk.columns.keys():
        found.columns[name].missing(first)
    found.records += len(chunk.rows)


def _declared(type_: pa.DataType, format_: str) -> pa.DataType:
    """Return the type of a column; a decimal of Avro has only the digits of the values read, so it gets room."""
    if format_ == "avro" and pa.types.is_decimal128(type_):
        return pa.decimal128(min(38, max(18, type_.precision - type_.scale + 10)), type_.scale)
    return type_


def _see_json(found: Profile, chunk: Chunk, file: str) -> None:
    """See records of JSON by their text, because only that tells texts from numbers."""
    lines = [(row, chunk.original(i)) for i, row in enumerate(chunk.rows.to_pylist())]
    lines += [(broken.row, broken.text) for broken in chunk.broken]
    seen: dict[tuple[str, str], tuple[list[str], list[int]]] = {}
    for row, text in sorted(lines):
        try:
            record = load(text.lstrip("\ufeff"))
        except ValueError:
            continue
        if not isinstance(record, dict):
            continue
        for name, value in record.items():
            column = found.column(name, place=Place(file, row))
            if value is None:
                column.missing(Place(file, row))
                continue
            texts, rows = seen.setdefault((name, _kind(value)), ([], []))
            texts.append(render(value))
            rows.append(row)
        for name in found.columns.keys() - record.keys():
            found.columns[name].missing(Place(file, row))
        found.records += 1
    for (name, kind), (texts, rows) in seen.items():
        values = pa.array([str(text) for text in texts], pa.string())
        found.columns[name].see(values, pa.array(rows, pa.int64()), file=file, kind=kind)


def _kind(value: object) -> str:
    if isinstance(value, Number):
        return "number"
    return {bool: "boolean", dict: "object", list: "array"}.get(type(value), "string")
