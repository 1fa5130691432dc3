"""Objects made to do harm: what they are, and whether reading one ends well in a process of its own.

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
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
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
    """How reading ended; `memory` in bytes."""

    rows: int
    accepted: int
    memory: int
    reason: str


def _zigzag(number: int) -> bytes:
    """A number as Avro writes it."""
    number = (number << 1) ^ (number >> 63)
    written = b""
    while number & ~0x7F:
        written += bytes([(number & 0x7F) | 0x80])
        number >>= 7
    return written + bytes([number])


def avro(*fields: object, count: int = 1, data: bytes = b"", codec: bytes = b"null", schema: str = "") -> bytes:
    """A container file with one block, of whatever it says it is."""
    record = {
        "type": "record",
        "name": "r",
        "fields": [{"name": f"f{i}", "type": type_} for i, type_ in enumerate(fields)],
    }
    metadata = {b"avro.schema": (schema or json.dumps(record)).encode(), b"avro.codec": codec}
    header = b"Obj\x01" + _zigzag(len(metadata))
    for name, value in metadata.items():
        header += _zigzag(len(name)) + name + _zigzag(len(value)) + value
    sync = b"s" * 16
    return header + _zigzag(0) + sync + _zigzag(count) + _zigzag(len(data)) + data + sync


def _deflated(mebibytes: int, *, head: bytes = b"", fill: bytes = b"\0", window: int = -15) -> bytes:
    packer = zlib.compressobj(1, zlib.DEFLATED, window)
    return packer.compress(head) + b"".join(packer.compress(fill * MIB) for _ in range(mebibytes)) + packer.flush()


def _gzipped(mebibytes: int, *, head: bytes = b"", fill: bytes = b"\0") -> bytes:
    return _deflated(mebibytes, head=head, fill=fill, window=31)


def _parquet(columns: int) -> bytes:
    file = io.BytesIO()
    parquet.write_table(pa.table({f"c{i}": [1] for i in range(columns)}), file)
    return file.getvalue()


def _repeated(size: int, count: int) -> bytes:
    """A text of one letter in a dictionary, and many records that refer to it."""
    texts = pa.DictionaryArray.from_arrays(pa.array([0] * count, pa.int32()), pa.array(["x" * size]))
    file = io.BytesIO()
    parquet.write_table(pa.table({"a": [1] * count, "b": texts}), file, compression="zstd", write_statistics=False)
    return file.getvalue()


def _parquet_that_says(length: int, *, size: int) -> bytes:
    return b"PAR1" + bytes(size) + length.to_bytes(4, "little") + b"PAR1"


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
    "json: a gigabyte of zeros": Hostile("json", lambda: _gzipped(1024)),
    "json: nothing but space": Hostile("json", lambda: _gzipped(256, head=b"[", fill=b" ")),
    "json: nested to the end": Hostile("json", lambda: _gzipped(128, fill=b"[")),
    "json: objects nested to the end": Hostile("json", lambda: b'{"a":' * (2 * MIB)),
    "parquet: ten thousand columns and one": Hostile("parquet", lambda: _parquet(10_001)),
    "parquet: a footer of four gigabytes": Hostile("parquet", lambda: _parquet_that_says(2**32 - 1, size=100)),
    "parquet: a footer of 64 MiB": Hostile("parquet", lambda: _parquet_that_says(64 * MIB, size=65 * MIB)),
    "parquet: a footer of zeros": Hostile("parquet", lambda: _parquet_that_says(MIB, size=MIB)),
    "parquet: a dictionary with one text of 1 MiB for two thousand records": Hostile(
        "parquet", lambda: _repeated(MIB, 2_000), rows=2_000, accepted=2_000
    ),
    "parquet: a text of 64 MiB in a few kB": Hostile("parquet", lambda: _repeated(64 * MIB, 1)),
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
    sys.stdout.write(json.dumps({"rows": count, "accepted": accepted, "memory": peak_memory(), "reason": reason[:300]}))
    sys.stdout.flush()
    os._exit(0)  # nothing that is freed at the end counts


if __name__ == "__main__":
    _main(*sys.argv[1:])
