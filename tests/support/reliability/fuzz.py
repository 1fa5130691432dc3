"""Files with damage of all kinds, each from a seed of its own, read one after the other in a process with a limit.

`python -m tests.support.reliability.fuzz FORMAT FIRST COUNT` reads the damaged files of so many seeds; the
last line that it prints is the seed in work, or `ended` and how many rows were accepted and rejected.
"""

import bz2
import gzip
import io
import json
import random
import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import fastavro
import pyarrow as pa
from pyarrow import parquet

from lakehouse.contracts.columns import ERRORS, RECORD, SOURCE_ROW
from lakehouse.contracts.model import Contract, Format, Options
from lakehouse.contracts.types import BINARY, DATE, DOUBLE, INT, STRING, TIMESTAMP, decimal, list_of
from lakehouse.readers.reader import read_file
from tests.support.contract_builders import UNEXPECTED, URI, column, contract
from tests.support.reliability.hostile_files import ADDRESSES, MEMORY, peak_memory

SECONDS_A_FILE = 60
AT = datetime(2026, 1, 2, 3, 4, 5, 678, UTC)
RECORDS = [{"a": number, "b": f'text {number}, "quoted"\nand é'} for number in range(40)]
WORDS = (
    b'"',
    b"\n",
    b",",
    b"{",
    b"}",
    b"[",
    b"]",
    b"\x00",
    b"\xff",
    b"\x80",
    b"NaN",
    b"1e999",
    b"\\u0000",
    b"\\ud800",
    b"null",
)
WORDS += (
    b"9" * 400,
    b"=cmd|' /C calc'!A0",
    b"<script>",
    b"'; DROP TABLE x; --",
    b"\x1b[2J",
    b"\xef\xbb\xbf",
    b"PAR1",
    b"Obj\x01",
)


def _csv() -> bytes:
    return b"a,b\n" + b"".join(
        f'{item["a"]},"{str(item["b"]).replace(chr(34), chr(34) * 2)}"\n'.encode() for item in RECORDS
    )


def _parquet() -> bytes:
    file = io.BytesIO()
    parquet.write_table(pa.Table.from_pylist(RECORDS), file, row_group_size=10, compression="snappy")
    return file.getvalue()


def _avro() -> bytes:
    file = io.BytesIO()
    fields = [{"name": "a", "type": ["null", "long"]}, {"name": "b", "type": "string"}]
    fastavro.writer(file, {"type": "record", "name": "r", "fields": fields}, RECORDS, codec="null", sync_interval=300)
    return file.getvalue()


TYPED = [
    {
        "a": number,
        "b": {"k": [number, None], "t": f"é{number}"},
        "c": Decimal(number).scaleb(-2),
        "d": AT + timedelta(days=400 * number, microseconds=number),
        "e": (AT + timedelta(days=number)).date(),
        "f": number / 7,
        "g": [f"x{number}"] * (number % 3),
        "h": bytes([number, 255]),
    }
    for number in range(40)
]


def _typed_parquet() -> bytes:
    file = io.BytesIO()
    table = pa.Table.from_pylist([item | {"i": item["d"]} for item in TYPED])
    parquet.write_table(
        table,
        file,
        row_group_size=10,
        compression="zstd",
        use_deprecated_int96_timestamps=True,
        data_page_version="2.0",
    )
    return file.getvalue()


def _typed_avro() -> bytes:
    numbers = {"type": "array", "items": ["null", "long"]}
    nested = {
        "type": "record",
        "name": "n",
        "fields": [{"name": "k", "type": numbers}, {"name": "t", "type": "string"}],
    }
    types = {
        "a": ["null", "long"],
        "b": ["null", nested],
        "c": {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2},
        "d": {"type": "long", "logicalType": "timestamp-micros"},
        "e": {"type": "int", "logicalType": "date"},
        "f": ["float", "double"],
        "g": {"type": "array", "items": "string"},
        "h": "bytes",
    }
    schema = {"type": "record", "name": "r", "fields": [{"name": name, "type": type_} for name, type_ in types.items()]}
    file = io.BytesIO()
    fastavro.writer(file, schema, TYPED, codec="null", sync_interval=300)
    return file.getvalue()


def shop(name: str) -> Contract:
    """Return the contract of a file's records."""
    if name in ("typed parquet", "typed avro"):
        as_json = Options(format=Format.JSON)
        types = (INT, STRING, decimal(9, 2), TIMESTAMP, DATE, DOUBLE, list_of(STRING), BINARY, TIMESTAMP)
        columns = [
            column(letter, type_, options=as_json if letter == "b" else Options())
            for letter, type_ in zip("abcdefghi", types, strict=True)
        ]
        return contract(*columns, format_=name.removeprefix("typed "))
    return contract(column("a", INT), column("b"), format_=name)


WHOLE: dict[str, Callable[[], bytes]] = {
    "typed parquet": _typed_parquet,
    "typed avro": _typed_avro,
    "csv": _csv,
    "json": lambda: json.dumps(RECORDS).encode(),
    "jsonl": lambda: b"".join(json.dumps(item).encode() + b"\n" for item in RECORDS),
    "parquet": _parquet,
    "avro": _avro,
}


def damaged(whole: bytes, choose: random.Random) -> bytes:
    """A file with one to four damages: bits turned, parts cut, doubled, moved or overwritten."""
    content = bytearray(choose.choice([bytes, bytes, bytes, gzip.compress, bz2.compress])(whole))
    for _ in range(choose.randint(1, 4)):
        at, length = choose.randrange(len(content) + 1), choose.choice([1, 2, 4, 16, 256])
        match choose.randrange(8):
            case 0:
                for bit in range(choose.randint(1, 8)):
                    if content:
                        content[choose.randrange(len(content))] ^= 1 << bit
            case 1:
                del content[at:]
            case 2:
                del content[at : at + length]
            case 3:
                content[at:at] = content[at : at + length] * choose.choice([1, 2, 50])
            case 4:
                content[at : at + choose.choice([0, 1, length])] = choose.choice(WORDS)
            case 5:
                content[at : at + length] = choose.randbytes(length)
            case 6:  # two blocks change places
                other = choose.randrange(len(content) + 1)
                first, second = sorted((at, other))
                one, two = content[first : first + length], content[second : second + length]
                if first + length <= second:
                    content[first : first + length], content[second : second + length] = two, one
            case 7:  # the beginning comes again
                content[at:at] = whole[: choose.choice([4, 16, 64, 256, len(whole)])]
    return bytes(content)


def read(name: str, content: bytes) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a file, of which each is accepted, or rejected with place, reason and text.

    Args:
        name: one of `WHOLE`, which gives the contract.
        content: the file, damaged or not.
    """
    for batch in read_file(shop(name), io.BytesIO(content), source_file=URI):
        batch.validate(full=True)
        for row in batch.select([ERRORS, RECORD, SOURCE_ROW]).to_pylist():
            assert row[SOURCE_ROW] >= 1
            assert row[ERRORS] is None or (row[ERRORS] and row[RECORD] is not None)
            assert not any(error["reason"].startswith(UNEXPECTED) for error in row[ERRORS] or []), row
        yield batch


def run(format_: str, *, first: int, count: int) -> str:
    """Read the damaged files of some seeds in a process of its own; what it said last.

    Raises:
        AssertionError: a seed made it fail, hang or die.
    """
    ran = subprocess.run(
        [sys.executable, "-m", "tests.support.reliability.fuzz", format_, str(first), str(count)],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[3],
    )
    last = ran.stdout.splitlines()[-1] if ran.stdout else ""
    assert ran.returncode == 0, f"{format_}: exit code {ran.returncode} at seed {last}: {ran.stderr[-2000:]}"
    return last


def _main(format_: str, first: int, count: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESSES, ADDRESSES))
    whole = WHOLE[format_]()
    assert sum(batch[ERRORS].null_count for batch in read(format_, whole)) == len(RECORDS)
    accepted = rejected = 0
    for seed in range(first, first + count):
        print(seed, flush=True)  # noqa: T201
        signal.alarm(SECONDS_A_FILE)
        content = damaged(whole, random.Random(f"{format_} {seed}"))  # noqa: S311 - to be had again is the point
        for batch in read(format_, content):
            accepted += batch[ERRORS].null_count
            rejected += len(batch) - batch[ERRORS].null_count
        signal.alarm(0)
    assert peak_memory() < MEMORY, f"{peak_memory():,} bytes"
    print(f"ended: {accepted} accepted, {rejected} rejected")  # noqa: T201


if __name__ == "__main__":
    _main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
