"""Objects made to do harm: what they are, and whether reading one ends well in a process of its own.

One file: the corpus is a list, and what builds its objects is used nowhere else.

`python -m tests.support.reliability.hostile_files NAME` reads one and prints how many rows it became and how
much memory that took.
"""

import gzip
import io
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

import pyarrow as pa
from pyarrow import parquet

from lakehouse.contracts.types import INT
from lakehouse.readers.reader import read_file
from tests.support.contract_builders import column, contract

MIB = 2**20
MEMORY = 1024 * MIB
"""Resident at most, of one reader. A Glue worker of 16 GB has four."""

ADDRESSES = 8 * MEMORY
"""What the process may address: if the readers want more, they fail and the machine does not."""

PROCESSOR_SECONDS = 60
"""Of one object, on a machine that does other things at the same time; alone, most take two."""

SECONDS = 240
"""A case is over by then, on a machine that is busy with other things."""


@dataclass(frozen=True, slots=True)
class Hostile:
    """An object, and the rows that it has to become: all of them rejected, or `accepted` many not."""

    format: str
    content: Callable[[], bytes]
    rows: int = 1
    accepted: int = 0


@dataclass(frozen=True, slots=True)
class Ending:
    """How reading ended; `memory` in bytes, `seconds` of processor time."""

    rows: int
    accepted: int
    memory: int
    seconds: float
    reason: str


def _zigzag(number: int) -> bytes:
    """A number as Avro writes it."""
    number = (number << 1) ^ (number >> 63)
    written = b""
    while number & ~0x7F:
        written += bytes([(number & 0x7F) | 0x80])
        number >>= 7
    return written + bytes([number])


def avro(
    *fields: object, count: int = 1, data: bytes = b"", codec: bytes = b"null", schema: str = "", blocks: int = 1
) -> bytes:
    """A container file with one block, or the same one several times, of whatever it says it is."""
    record = {
        "type": "record",
        "name": "r",
        "fields": [{"name": f"b{i or ''}", "type": type_} for i, type_ in enumerate(fields)],
    }
    metadata = {b"avro.schema": (schema or json.dumps(record)).encode(), b"avro.codec": codec}
    header = b"Obj\x01" + _zigzag(len(metadata))
    for name, value in metadata.items():
        header += _zigzag(len(name)) + name + _zigzag(len(value)) + value
    sync = b"s" * 16
    return header + _zigzag(0) + sync + (_zigzag(count) + _zigzag(len(data)) + data + sync) * blocks


def _deflated(mebibytes: int, *, head: bytes = b"", fill: bytes = b"\0", window: int = -15) -> bytes:
    packer = zlib.compressobj(1, zlib.DEFLATED, window)
    return packer.compress(head) + b"".join(packer.compress(fill * MIB) for _ in range(mebibytes)) + packer.flush()


def _deflated_text(count: int) -> bytes:
    """Texts of a MiB as Avro writes them."""
    packer = zlib.compressobj(1, zlib.DEFLATED, -15)
    return packer.compress((_zigzag(MIB) + b"x" * MIB) * count) + packer.flush()


def _gzipped(mebibytes: int, *, head: bytes = b"", fill: bytes = b"\0") -> bytes:
    return _deflated(mebibytes, head=head, fill=fill, window=31)


def _parquet(columns: int) -> bytes:
    file = io.BytesIO()
    parquet.write_table(pa.table({f"c{i}": [1] for i in range(columns)}), file)
    return file.getvalue()


def _written(array: pa.Array | None, **options: object) -> bytes:
    file = io.BytesIO()
    parquet.write_table(
        pa.table({"a": pa.repeat(1, len(array)), "b": array}), file, **{"compression": "zstd"} | options
    )
    return file.getvalue()


def _same(size: int, count: int) -> pa.Array:
    """A text of one letter, many times."""
    return pa.DictionaryArray.from_arrays(pa.array([0] * count, pa.int32()), pa.array(["x" * size]))


def _in_lists(values: pa.Array, *, each: int) -> pa.Array:
    return pa.ListArray.from_arrays(pa.array(range(0, len(values) + 1, each), pa.int32()), values)


def _pages(*, columns: int, size: int) -> bytes:
    """A page of `size` bytes in each column, of texts that no limit of a record forbids."""
    file = io.BytesIO()
    texts = pa.array(["x" * MIB] * (size // MIB))
    table = pa.table({f"c{i}": texts for i in range(columns)})
    parquet.write_table(table, file, compression="zstd", use_dictionary=False)
    return file.getvalue()


def _parquet_that_says(length: int, *, size: int) -> bytes:
    return b"PAR1" + bytes(size) + length.to_bytes(4, "little") + b"PAR1"


def _list_of(item: bytes, *, size: int) -> bytes:
    """A record with a list of one JSON value, as often as fits."""
    return b'{"b":[' + b",".join([item] * (size // (len(item) + 1))) + b"]}"


def _avro_list(items: object, value: bytes, *, count: int) -> bytes:
    return avro({"type": "array", "items": items}, data=_zigzag(count) + value * count + _zigzag(0))


def _numbered(form: bytes, count: int, *, separator: bytes) -> bytes:
    return separator.join(form % i for i in range(count))


_NESTED_SCHEMA = '{"type":"array","items":' * 5_000 + '"long"' + "}" * 5_000

CORPUS: dict[str, Hostile] = {
    "csv: a gigabyte of zeros in a megabyte": Hostile("csv", lambda: _gzipped(1024, head=b"a,b\n")),
    "csv: one quote after the other": Hostile("csv", lambda: b"a,b\n" + b'"' * (20 * MIB)),
    "csv: one delimiter after the other": Hostile("csv", lambda: b"a,b\n" + b"," * (15 * MIB)),
    "csv: a million records without a field": Hostile("csv", lambda: b"a,b\n" + b"1\n" * 10**6, rows=10**6),
    "csv: a header of millions": Hostile("csv", lambda: b"a,b" + b",x" * (7 * MIB) + b"\n1,2\n"),
    "csv: gzip in gzip": Hostile("csv", lambda: gzip.compress(gzip.compress(b"a,b\n1,2\n"))),
    "csv: gzip that is cut": Hostile("csv", lambda: gzip.compress(b"a,b\n" + b"1,2\n" * 10**5)[:-9]),
    "jsonl: a field of its own in each record": Hostile(
        "jsonl", lambda: _numbered(b'{"a":1,"x%d":1}', 10**5, separator=b"\n"), rows=10**5, accepted=10**5
    ),
    "jsonl: a record of half a million fields": Hostile(
        "jsonl", lambda: b'{"a":1,' + _numbered(b'"x%d":1', 500_000, separator=b",") + b"}", accepted=1
    ),
    "jsonl: none of its half a million fields known": Hostile(
        "jsonl", lambda: b"{" + _numbered(b'"x%d":1', 500_000, separator=b",") + b"}"
    ),
    "jsonl: the last of half a million fields twice": Hostile(
        "jsonl", lambda: b"{" + _numbered(b'"x%d":1', 500_000, separator=b",") + b',"z":1,"z":2}'
    ),
    "jsonl: nested to the end": Hostile("jsonl", lambda: b"[" * (15 * MIB)),
    "jsonl: a number of ten million digits": Hostile("jsonl", lambda: b'{"a":' + b"9" * 10**7 + b"}"),
    "jsonl: one string of a gzipped half gigabyte": Hostile("jsonl", lambda: _gzipped(512, head=b'{"a":"', fill=b"x")),
    "jsonl: a list of seven million numbers": Hostile("jsonl", lambda: _list_of(b"1", size=15 * MIB)),
    "jsonl: a list of millions of objects": Hostile("jsonl", lambda: _list_of(b'{"":1}', size=15 * MIB)),
    "jsonl: many lists of half a million lists": Hostile(
        "jsonl", lambda: (_list_of(b"[]", size=3 * MIB // 2) + b"\n") * 20, rows=20
    ),
    "json: a list of seven million numbers": Hostile("json", lambda: _list_of(b"1", size=15 * MIB)),
    "json: a list of millions of objects": Hostile("json", lambda: _list_of(b'{"":1}', size=15 * MIB)),
    "csv: a list of seven million numbers": Hostile(
        "csv", lambda: b'a,b\n1,"' + _list_of(b"1", size=15 * MIB).replace(b'"', b'""') + b'"\n', accepted=1
    ),
    "json: a gigabyte of zeros": Hostile("json", lambda: _gzipped(1024)),
    "json: nothing but space": Hostile("json", lambda: _gzipped(256, head=b"[", fill=b" ")),
    "json: nested to the end": Hostile("json", lambda: _gzipped(128, fill=b"[")),
    "json: objects nested to the end": Hostile("json", lambda: b'{"a":' * (2 * MIB)),
    "parquet: ten thousand columns and one": Hostile("parquet", lambda: _parquet(10_001)),
    "parquet: a footer of four gigabytes": Hostile("parquet", lambda: _parquet_that_says(2**32 - 1, size=100)),
    "parquet: a footer of 64 MiB": Hostile("parquet", lambda: _parquet_that_says(64 * MIB, size=65 * MIB)),
    "parquet: a footer of zeros": Hostile("parquet", lambda: _parquet_that_says(MIB, size=MIB)),
    "parquet: a text of 256 MiB": Hostile("parquet", lambda: _written(_same(256 * MIB, 1))),
    "parquet: a text of 256 MiB, plain": Hostile(
        "parquet", lambda: _written(pa.array(["x" * (256 * MIB)]), use_dictionary=False)
    ),
    "parquet: a text of 256 MiB among many": Hostile(
        "parquet", lambda: _written(pa.array(["x" * (300 * MIB), *["y"] * 1000]), use_dictionary=False)
    ),
    "parquet: a key of 64 MiB in a map": Hostile(
        "parquet",
        lambda: _written(pa.array([[("x" * (64 * MIB), 1)]], pa.map_(pa.string(), pa.int32())), use_dictionary=False),
    ),
    "parquet: a text of 20 MiB": Hostile(
        "parquet", lambda: _written(pa.array(["x" * (20 * MIB), "y"]), use_dictionary=False), rows=2, accepted=1
    ),
    "parquet: a dictionary with one text of 15 MiB for 64 records": Hostile(
        "parquet", lambda: _written(_same(15 * MIB, 64)), rows=64, accepted=64
    ),
    "parquet: a dictionary with one text of 100 kB for ten thousand records": Hostile(
        "parquet", lambda: _written(_same(100_000, 10_000)), rows=10_000, accepted=10_000
    ),
    "parquet: lists of one text of 100 kB in a dictionary": Hostile(
        "parquet", lambda: _written(_in_lists(_same(100_000, 10_000), each=10)), rows=1000
    ),
    "parquet: a list of 128 Mi nulls": Hostile(
        "parquet", lambda: _written(_in_lists(pa.nulls(2**27, pa.int8()), each=2**27))
    ),
    "parquet: each text with the beginning of the last one": Hostile(
        "parquet",
        lambda: _written(pa.array(["x" * MIB] * 600), use_dictionary=False, column_encoding={"b": "DELTA_BYTE_ARRAY"}),
        rows=600,
        accepted=600,
    ),
    "parquet: ten columns with pages of 60 MiB": Hostile("parquet", lambda: _pages(columns=10, size=60 * MIB)),
    "parquet: a list of eight million numbers": Hostile(
        "parquet", lambda: _written(_in_lists(pa.nulls(2**23, pa.int8()), each=2**23))
    ),
    "parquet: a list of four million structs": Hostile(
        "parquet", lambda: _written(_in_lists(pa.nulls(2**22, pa.struct([("c", pa.int8())])), each=2**22))
    ),
    "parquet: lists of a million structs": Hostile(
        "parquet",
        lambda: _written(_in_lists(pa.nulls(16 * 10**5, pa.struct([("c", pa.int8())])), each=10**5)),
        rows=16,
    ),
    "parquet: a hundred million records": Hostile("parquet", lambda: _written(pa.nulls(10**8, pa.int8()))),
    "parquet: a text of 100 kB in a dictionary for a million records": Hostile(
        "parquet", lambda: _written(_same(100_000, 10**6))
    ),
    "avro: a list of eight million numbers": Hostile(
        "avro", lambda: _avro_list("int", _zigzag(1000), count=15 * MIB // 2)
    ),
    "avro: a list of four million records": Hostile(
        "avro",
        lambda: _avro_list(
            {"type": "record", "name": "x", "fields": [{"name": "c", "type": "int"}]}, b"\2", count=4 * MIB
        ),
    ),
    "avro: five hundred records of a MiB in a few kB": Hostile(
        "avro",
        lambda: avro("string", count=16, data=_deflated_text(16), codec=b"deflate", blocks=32),
        rows=512,
        accepted=512,
    ),
    "avro: a text of 20 MiB": Hostile(
        "avro", lambda: avro("string", data=_zigzag(20 * MIB) + b"x" * (20 * MIB)), rows=1
    ),
    "avro: a list of a million million nulls": Hostile(
        "avro", lambda: avro({"type": "array", "items": "null"}, data=_zigzag(10**12) + _zigzag(0))
    ),
    "avro: a million million records of no bytes": Hostile("avro", lambda: avro(count=10**12)),
    "avro: a million million records of nulls": Hostile("avro", lambda: avro("null", count=10**12)),
    "avro: a record within itself, to the end": Hostile(
        "avro", lambda: avro(["null", "r"], data=_zigzag(1) * 10**6 + _zigzag(0))
    ),
    "avro: a block of three gigabytes in three megabytes": Hostile(
        "avro", lambda: avro("long", count=2**31, data=_deflated(3072), codec=b"deflate")
    ),
    "avro: a string as long as it can be named": Hostile("avro", lambda: avro("string", data=_zigzag(2**60))),
    "avro: a block of less than no bytes": Hostile(
        "avro", lambda: avro("long", data=b"")[:-17] + _zigzag(-5) + b"s" * 16
    ),
    "avro: a schema that nests to the end": Hostile(
        "avro",
        lambda: avro(schema='{"type":"record","name":"r","fields":[{"name":"f","type":' + _NESTED_SCHEMA + "}]}"),
    ),
    "avro: a hundred thousand columns": Hostile("avro", lambda: avro(*["null"] * 100_000)),
    "avro: text in the place of a schema": Hostile("avro", lambda: avro(schema="; DROP TABLE")),
}


def read(name: str) -> Ending:
    """Read a hostile object in a process of its own, held to `ADDRESSES`.

    Raises:
        AssertionError: the process died, or did not end.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "object"
        path.write_bytes(CORPUS[name].content())
        ran = subprocess.run(
            [sys.executable, "-m", "tests.support.reliability.hostile_files", CORPUS[name].format, str(path)],
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
            cwd=Path(__file__).parents[3],
        )
    assert ran.returncode == 0, f"{name}: exit code {ran.returncode}: {ran.stderr[-2000:]}"
    return Ending(**json.loads(ran.stdout))


def peak_memory() -> int:
    """Bytes that this process had resident at most; what getrusage says may be its parent's."""
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024


def rows(format_: str, file: IO[bytes]) -> Iterator[pa.RecordBatch]:
    """What the readers make of an object, for a dataset of two columns."""
    return read_file(contract(column("a", INT), column("b"), format_=format_), file, source_file="s3://stage/x")


def _main(format_: str, path: str) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESSES, ADDRESSES))
    count = accepted = 0
    reason = ""
    with open(path, "rb") as file:
        for batch in rows(format_, file):
            count += len(batch)
            accepted += batch["_errors"].null_count
            if not reason and batch["_errors"].null_count < len(batch):
                reason = batch["_errors"].drop_null()[0].as_py()[0]["reason"]
    ending = Ending(count, accepted, peak_memory(), round(time.process_time(), 1), reason[:300])
    sys.stdout.write(json.dumps(asdict(ending)))
    sys.stdout.flush()
    os._exit(0)  # nothing that is freed at the end counts


if __name__ == "__main__":
    _main(*sys.argv[1:])
