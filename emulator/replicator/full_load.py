"""The full load: one consistent snapshot of some tables, and its position in the log.

All files are complete on disk before the first one goes to S3. After a crash, either nothing of the load is visible or,
when it is resumed, all of it: never rows of two snapshots.
"""

import logging
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
from psycopg import pq, sql

from emulator.replicator import failures, source
from emulator.replicator.files import GrowingFile, Layout, Record
from emulator.replicator.settings import INSERT, Source, Target
from emulator.replicator.source import Table
from emulator.replicator.state import COMPLETED, FULL_LOAD, State, now
from emulator.replicator.target import Bucket, load_key

log = logging.getLogger(__name__)


class StopRequestedError(Exception):
    """The replication must stop before its full load is complete."""


def copy_tables(
    settings: Source,
    target: Target,
    tables: Sequence[tuple[Table, Layout]],
    *,
    spool: Path,
    state: State,
    stopping: Callable[[], bool],
) -> None:
    """Copy tables from one snapshot to files on disk, with the paths that they will have in S3.

    Args:
        settings: the source.
        target: format of the files.
        tables: tables, and the layout of their files.
        spool: folder of the files; emptied first.
        state: gets each table's rows, its errors and, when all tables are copied, the snapshot's position in the log.
        stopping: called now and then; True stops the copy.

    Raises:
        StopRequestedError: `stopping` returned True; the copy is discarded.
    """
    shutil.rmtree(spool, ignore_errors=True)
    with _snapshot(settings) as (connection, lsn):
        for table, layout in tables:
            progress = state.tables[table.full_name]
            progress.state, progress.full_load_started = FULL_LOAD, now()
            state.save()
            try:
                progress.full_load_rows = _copy(connection, table, layout, target, spool=spool, stopping=stopping)
            except (psycopg.errors.DataError, psycopg.ProgrammingError) as error:
                shutil.rmtree(spool / table.schema / table.name, ignore_errors=True)
                connection.execute("ROLLBACK TO SAVEPOINT table_start")
                log.exception("%s is suspended: its full load failed", table.full_name)
                progress.suspend(str(error))
            else:
                log.info("%s: %s rows copied", table.full_name, progress.full_load_rows)
        for table, _ in tables:
            state.tables[table.full_name].from_lsn = lsn
        state.save()


def upload(bucket: Bucket, *, spool: Path, state: State) -> None:
    """Send the files of a complete copy to S3 and mark its tables as loaded; complete an upload that a crash ended."""
    for progress in state.tables.values():
        if progress.state != FULL_LOAD or progress.from_lsn is None:
            continue
        files = sorted((spool / progress.schema / progress.name).glob("LOAD*.parquet"))
        keys = [file.relative_to(spool).as_posix() for file in files]
        for file, key in zip(files, keys, strict=True):
            bucket.upload(file, key)
        bucket.remove_other_loads(progress.schema, progress.name, keep=keys)
        progress.state, progress.full_load_ended, progress.updated = COMPLETED, now(), now()
        state.save()
    shutil.rmtree(spool, ignore_errors=True)


@contextmanager
def _snapshot(settings: Source) -> Iterator[tuple[psycopg.Connection[Any], int]]:
    """Yield a connection to the database at one position in the log, and that position.

    A temporary slot exports the snapshot; it exists as long as the slot's connection runs no other command.
    """
    with closing(source.connect(settings, replication=True)) as exporter, source.connect(settings) as connection:
        slot = sql.Identifier(f"dms_snapshot_{exporter.pgconn.backend_pid}")
        command = sql.SQL("CREATE_REPLICATION_SLOT {} TEMPORARY LOGICAL pgoutput EXPORT_SNAPSHOT").format(slot)
        result = failures.execute(exporter, command.as_bytes(exporter), expected=pq.ExecStatus.TUPLES_OK)
        lsn, snapshot = (bytes(result.get_value(0, column) or b"").decode() for column in (1, 2))
        connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        connection.execute(sql.SQL("SET TRANSACTION SNAPSHOT {}").format(sql.Literal(snapshot)))
        yield connection, source.parse_lsn(lsn)
        connection.execute("ROLLBACK")


def _copy(
    connection: psycopg.Connection[Any],
    table: Table,
    layout: Layout,
    target: Target,
    *,
    spool: Path,
    stopping: Callable[[], bool],
) -> int:
    connection.execute("SAVEPOINT table_start")
    columns = source.names(name for name, _ in layout.columns)
    query = sql.SQL("COPY (SELECT {} FROM {}) TO STDOUT").format(columns, table.own_rows)
    rows, numbers = 0, count(1)
    written = ""
    growing: GrowingFile | None = None
    with connection.cursor().copy(query) as copy:
        for values in copy.rows():
            if growing is None:
                path = spool / table.schema / table.name / "growing.parquet"
                growing = GrowingFile(path, layout, gzip=target.gzip)
            if rows % 1000 == 0:
                if stopping():
                    raise StopRequestedError
                written = timestamp_text(datetime.now(UTC))
            growing.add(Record(INSERT, values, written, None))
            rows += 1
            if growing.reaches(target.max_file_bytes):
                _complete(growing, table, spool=spool, numbers=numbers)
                growing = None
    if growing is not None:
        _complete(growing, table, spool=spool, numbers=numbers)
    return rows


def _complete(growing: GrowingFile, table: Table, *, spool: Path, numbers: Iterator[int]) -> None:
    """Close a file and give its parts their names."""
    growing.close()
    for part in growing.parts:
        part.path.rename(spool / load_key(table.schema, table.name, next(numbers)))


def timestamp_text(moment: datetime) -> str:
    """Return a time in UTC as DMS writes it to its timestamp column."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
