"""Refuse compressed objects in place of Parquet or Avro, which compress their own content."""

from typing import IO

from lakehouse.readers.chunk import UnreadableError

_COMPRESSIONS = {
    b"\x1f\x8b": "gzip",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"BZh": "bzip2",
    b"\xfd7zXZ": "xz",
    b"PK\x03\x04": "a ZIP archive",
}


def refuse_compressed(file: IO[bytes], *, format_: str) -> None:
    """Refuse a compressed object by name, and leave the file at its start.

    Raises:
        UnreadableError: the object is compressed as a whole.
    """
    head = file.read(8)
    file.seek(0)
    for magic, name in _COMPRESSIONS.items():
        if head.startswith(magic):
            raise UnreadableError(
                f"expected {format_}, found {name}: {format_} compresses its own content, so send it uncompressed"
            )
