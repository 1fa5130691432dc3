"""Read Parquet in batches of records, whatever the size of its row groups."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import IO

import pyarrow as pa
from pyarrow import parquet

from lakehouse.readers.chunk import Chunk, UnreadableError
from lakehouse.readers.native import row_json

BATCH_BYTES = 16 * 2**20
BATCH_ROWS = 64 * 2**10


def read(file: IO[bytes]) -> Iterator[Callable[[], Chunk]]:
    """Yield the records of a Parquet file in chunks; a record's row is its number, from 1.

    Args:
        file: seekable.

    Raises:
        UnreadableError: it is no Parquet, or damaged.
    """
    first = 1
    try:
        # Pages are read as they are needed: a row group need not fit in memory.
        with parquet.ParquetFile(file, pre_buffer=False, buffer_size=2**20, page_checksum_verification=True) as opened:
            repeated = [name for name in opened.schema_arrow.names if opened.schema_arrow.names.count(name) > 1]
            if repeated:
                raise UnreadableError(f"column {repeated[0]!r} is there {len(repeated)} times")
            for batch in opened.iter_batches(batch_size=_batch_rows(opened.metadata)):
                yield partial(_chunk, batch, first)
                first += len(batch)
    except (pa.ArrowException, OSError) as error:
        if getattr(error, "errno", None):
            raise
        raise UnreadableError(f"damaged or no Parquet: {error}", row=first) from error


def _batch_rows(metadata: parquet.FileMetaData) -> int:
    size = sum(metadata.row_group(i).total_byte_size for i in range(metadata.num_row_groups))
    fitting: int = BATCH_BYTES * metadata.num_rows // max(size, 1)
    return max(1, min(BATCH_ROWS, fitting))


def _chunk(batch: pa.RecordBatch, first: int) -> Chunk:
    return Chunk(
        columns=dict(zip(batch.schema.names, batch.columns, strict=True)),
        rows=pa.array(range(first, first + len(batch)), type=pa.int64()),
        original=partial(row_json, batch),
    )
