"""One run of one statement: its DuckDB connection, the files that it reads, and what the caller's context says."""

import contextlib
import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from emulator.athena.runtime import macros
from emulator.athena.runtime.cloud import Cloud
from emulator.athena.runtime.errors import from_duckdb
from emulator.athena.runtime.files import Scan, ScannedFiles

THREADS = 2
WORKERS = 4


def memory_limit() -> str:
    """Memory that one statement may take before it spills to disk: an equal share of half the machine's.

    `LAKEHOUSE_ATHENA_MEMORY` sets another, such as `2GB`.
    """
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return os.environ.get("LAKEHOUSE_ATHENA_MEMORY", f"{machine // 2 // WORKERS // 2**20}MiB")


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What a statement is run with.

    Attributes:
        cloud: where tables and files are.
        database: database of names without one.
        workgroup: workgroup that runs it.
        output: S3 URI under which results go, ending with a slash.
        output_enforced: whether the workgroup puts results there whatever the statement says.
        query_id: QueryExecutionId.
        scratch: folder for temporary files, which the next server clears if this one is killed.
        parameters: SQL literals for the statement's question marks.
    """

    cloud: Cloud
    database: str
    workgroup: str
    output: str
    output_enforced: bool
    query_id: str
    scratch: Path
    parameters: tuple[str, ...] = ()


@dataclass(slots=True, kw_only=True)
class Run:
    """A statement that is being run.

    Attributes:
        context: what it is run with.
        connection: DuckDB, for this statement alone.
        files: S3 as that DuckDB reads it.
        scan: what has been read.
        folder: temporary folder, gone after the run.
    """

    context: Context
    connection: duckdb.DuckDBPyConnection
    files: ScannedFiles
    scan: Scan
    folder: Path
    _macros: set[str] = field(default_factory=set)
    _relations: int = 0

    @property
    def cloud(self) -> Cloud:
        return self.context.cloud

    def execute(self, sql: str) -> list[tuple[Any, ...]]:
        """Run DuckDB SQL, with the macros that it uses, and fetch all of its rows: none stays open.

        Raises:
            AthenaError: what DuckDB reports, in Athena's words.
            CancelledError: the statement was stopped or read too much.
        """
        self.scan.check()
        with self._errors():
            macros.create(self.connection, sql=sql, known=self._macros)
            return self.connection.execute(sql).fetchall()

    def arrow(self, sql: str, *, rows: int) -> Iterator[pa.RecordBatch]:
        """The rows of DuckDB SQL as Arrow batches of so many rows; raises as `execute` does."""
        self.scan.check()
        with self._errors():
            macros.create(self.connection, sql=sql, known=self._macros)
            yield from self.connection.sql(sql).to_arrow_reader(rows)

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """Say what DuckDB raises in here, itself or through Arrow, as Athena does."""
        try:
            yield
        except (duckdb.Error, OSError) as error:
            self.scan.check()
            raise from_duckdb(error) from error

    def register(self, rows: pa.Table) -> str:
        """Make rows known to DuckDB; returns the name of their relation."""
        name = self.new_name()
        with self._errors():
            self.connection.register(name, rows)
        return name

    def new_name(self) -> str:
        """A name for a relation of this run."""
        self._relations += 1
        return f"r{self._relations}"

    def interrupt(self) -> None:
        """End the DuckDB statement that runs now, if any; called from another thread."""
        with contextlib.suppress(duckdb.ConnectionException):  # the run has just ended
            self.connection.interrupt()


@contextmanager
def start(context: Context, *, scan: Scan) -> Iterator[Run]:
    """A run, with a DuckDB of its own that is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="athena-", dir=context.scratch))
    connection = duckdb.connect(
        config={"threads": THREADS, "memory_limit": memory_limit(), "temp_directory": str(folder / "spill")}
    )
    protocol = f"athena{uuid.uuid4().hex[:12]}"
    try:
        connection.execute("SET TimeZone = 'UTC'")
        files = ScannedFiles(context.cloud.files, scan=scan, protocol=protocol)
        connection.register_filesystem(files)
        yield Run(context=context, connection=connection, files=files, scan=scan, folder=folder)
    finally:
        connection.unregister_filesystem(protocol)
        connection.close()
        shutil.rmtree(folder, ignore_errors=True)
