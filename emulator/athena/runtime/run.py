"""The run of a statement: its context, its DuckDB connection and the files that it reads."""

import contextlib
import os
import re
import shutil
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
from emulator.athena.runtime.denials import denial
from emulator.athena.runtime.errors import AthenaError, from_duckdb
from emulator.athena.runtime.files import Scan, ScannedFiles

THREADS = 2
WORKERS = 4


_UNITS = {f"{letter}B": 1000**power for power, letter in enumerate("KMGT", 1)} | {
    f"{letter}IB": 1024**power for power, letter in enumerate("KMGT", 1)
}


def memory_bytes() -> int:
    """Return the memory in bytes that a statement may use before it spills to disk.

    It is an equal share of half the machine's memory, unless `LAKEHOUSE_ATHENA_MEMORY` is set, such as `2GB`.

    Raises:
        AthenaError: the variable is not a size.
    """
    text = os.environ.get("LAKEHOUSE_ATHENA_MEMORY")
    if text is None:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2 // WORKERS
    size = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMGT]I?B)", text.strip().upper())
    if size is None:
        raise AthenaError("GENERIC_INTERNAL_ERROR", f"LAKEHOUSE_ATHENA_MEMORY is {text!r}: not a size such as 2GB")
    return int(float(size[1]) * _UNITS[size[2]])


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The context of a statement: the settings of its request and workgroup.

    Attributes:
        cloud: clients of the tables and files.
        database: database of names without one.
        workgroup: workgroup of the statement.
        output: S3 URI of the folder for results, with a slash at its end.
        output_enforced: whether the workgroup enforces this folder.
        query_id: QueryExecutionId.
        scratch: folder for temporary files; the next server clears it if this one is killed.
        parameters: SQL literals for the statement's question marks.
        trino: address of the Trino that runs the statement; None if the emulator's own engine does.
    """

    cloud: Cloud
    database: str
    workgroup: str
    output: str
    output_enforced: bool
    query_id: str
    scratch: Path
    parameters: tuple[str, ...] = ()
    trino: str | None = None

    @property
    def folder(self) -> Path:
        """Temporary folder of the statement."""
        return self.scratch / f"athena-{self.query_id}"


@dataclass(slots=True, kw_only=True)
class Run:
    """A running statement.

    Attributes:
        context: the statement's context.
        connection: a DuckDB database for this statement only.
        files: S3 as a file system of the connection.
        scan: the bytes that were read.
        folder: temporary folder, removed after the run.
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
        """Run DuckDB SQL with the macros that it uses, and return all of its rows.

        Raises:
            AthenaError: Athena's error for the error of DuckDB.
            CancelledError: the statement was stopped or read too much.
        """
        self.scan.check()
        with self._errors():
            macros.create(self.connection, sql=sql, existing=self._macros)
            return self.connection.execute(sql).fetchall()

    def arrow(self, sql: str, *, rows: int) -> Iterator[pa.RecordBatch]:
        """Yield the rows of DuckDB SQL as Arrow batches of so many rows; raises as `execute` does."""
        self.scan.check()
        with self._errors():
            macros.create(self.connection, sql=sql, existing=self._macros)
            yield from self.connection.sql(sql).to_arrow_reader(rows)

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """Turn errors of DuckDB in this block into Athena's."""
        try:
            yield
        except (duckdb.Error, OSError) as error:
            self.scan.check()
            raise (denial(error, self.cloud) or from_duckdb(error)) from error

    def register(self, rows: pa.Table) -> str:
        """Register rows as a relation of DuckDB, and return its name."""
        name = self.new_name()
        with self._errors():
            self.connection.register(name, rows)
        return name

    def new_name(self) -> str:
        """Return a new name for a relation of this run."""
        self._relations += 1
        return f"r{self._relations}"

    def interrupt(self) -> None:
        """Interrupt the DuckDB statement that runs now, if any; called from another thread."""
        with contextlib.suppress(duckdb.ConnectionException):  # the run has just ended
            self.connection.interrupt()


@contextmanager
def start(context: Context, *, scan: Scan) -> Iterator[Run]:
    """Yield a run with its own DuckDB database, which is removed afterwards."""
    folder = context.folder
    folder.mkdir()
    connection = duckdb.connect(
        config={"threads": THREADS, "memory_limit": f"{memory_bytes()}B", "temp_directory": str(folder / "spill")}
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
