"""OPTIMIZE ... REWRITE DATA USING BIN_PACK, and VACUUM.

Properties: https://docs.aws.amazon.com/athena/latest/ug/querying-iceberg-creating-tables.html
"""

from collections import defaultdict
from datetime import UTC, datetime, timedelta

from pyiceberg.exceptions import CommitFailedException, ValidationException
from pyiceberg.table import FileScanTask, Table
from pyiceberg.table.snapshots import Snapshot
from sqlglot import exp

from emulator.athena.binding import pushdown
from emulator.athena.binding.bind import bind
from emulator.athena.runtime import cloud, sql_text
from emulator.athena.runtime.errors import not_supported
from emulator.athena.runtime.run import Run
from emulator.athena.runtime.statement_result import NO_LINES, ROWS, StatementResult
from emulator.athena.runtime.statements import Name, Optimize, Vacuum
from emulator.athena.tables import access, catalog, iceberg_scan, iceberg_write
from emulator.athena.tables.replace_files import replace_files

_SMALL_BYTES, _FILE_THRESHOLD, _DELETE_THRESHOLD = 402653184, 5, 2
_MAX_AGE_SECONDS, _SNAPSHOTS_TO_KEEP = 432000, 1


def _iceberg_name(run: Run, name: Name, verb: str) -> tuple[str, str]:
    """Return database and name of an Iceberg table."""
    database = name.database or run.context.database
    table = catalog.get_table(run.cloud, database, name.table)
    if not catalog.is_iceberg(table):
        raise not_supported(f"{verb} of a table that is not an Iceberg table: {database}.{name.table}")
    access.require(run.cloud, table, "SELECT", "INSERT", "DELETE", *access.COMMIT)
    return database, name.table


def optimize(statement: Optimize, run: Run) -> StatementResult:
    """Run OPTIMIZE."""
    name = _iceberg_name(run, statement.name, "OPTIMIZE")
    rows = iceberg_write.retry_commit(run, name, lambda table: _bin_pack(run, table, name, statement.where))
    return StatementResult(columns=ROWS, update_count=rows, files=[])


def _bin_pack(run: Run, table: Table, name: tuple[str, str], where: exp.Expr | None) -> int:
    """Combine the small files of each partition, and return the number of rewritten rows."""
    query = exp.select("*").from_(exp.table_(name[1], db=name[0]))
    bound = bind(run, query.where(where.copy()) if where is not None else query)
    row_filter = pushdown.iceberg_filter(run, next(iter(pushdown.conditions(bound.tree).values()), []))
    tasks = _to_rewrite(table, iceberg_scan.plan(table, snapshot_id=None, row_filter=row_filter))
    if not tasks:
        return 0
    schema = table.schema()
    values = {field.name.lower(): sql_text.identifier(field.name.lower()) for field in schema.fields}
    source = iceberg_scan.relation_sql(run, table, schema=schema, tasks=tasks)
    rows = iceberg_write.table_select(schema, values, source=f"({source})")
    files = iceberg_write.write_files(run, rows, metadata=table.metadata, io=table.io)
    try:
        replace_files(table, old=[task.file for task in tasks], new=files)
    except (CommitFailedException, ValidationException):
        iceberg_write.delete_files(run, files)
        raise
    return sum(file.record_count for file in files)


def _to_rewrite(table: Table, tasks: list[FileScanTask]) -> list[FileScanTask]:
    """Return the files that are too small or have many deletes, of partitions with enough such files."""

    def setting(name: str, default: int) -> int:
        return int(table.properties.get(f"optimize_rewrite_{name}", default))

    small = setting("min_data_file_size_bytes", _SMALL_BYTES)
    deletes = setting("delete_file_threshold", _DELETE_THRESHOLD)
    groups: dict[str, list[FileScanTask]] = defaultdict(list)
    for task in tasks:
        if task.file.file_size_in_bytes < small or len(task.delete_files) >= deletes:
            groups[f"{task.file.spec_id} {task.file.partition}"].append(task)
    threshold = setting("data_file_threshold", _FILE_THRESHOLD)
    return [
        task
        for group in groups.values()
        if len(group) >= threshold or any(len(task.delete_files) >= deletes for task in group)
        for task in group
    ]


def vacuum(statement: Vacuum, run: Run) -> StatementResult:
    """Run VACUUM."""
    name = _iceberg_name(run, statement.name, "VACUUM")
    iceberg_write.retry_commit(run, name, lambda table: _expire(run, table))
    return NO_LINES


def _expire(run: Run, table: Table) -> None:
    """Expire old snapshots, and delete the files that only these snapshots contain."""
    age = int(table.properties.get("vacuum_max_snapshot_age_seconds", _MAX_AGE_SECONDS))
    keep = int(table.properties.get("vacuum_min_snapshots_to_keep", _SNAPSHOTS_TO_KEEP))
    newest = sorted(table.snapshots(), key=lambda s: s.timestamp_ms, reverse=True)
    referenced = {reference.snapshot_id for reference in table.refs().values()}
    oldest = datetime.now(UTC) - timedelta(seconds=age)
    old = [
        snapshot
        for snapshot in newest[keep:]
        if snapshot.snapshot_id not in referenced and snapshot.timestamp_ms < oldest.timestamp() * 1000
    ]
    if not old:
        return
    expired = {s.snapshot_id for s in old}
    unused = _files(table, old) - _files(table, [s for s in newest if s.snapshot_id not in expired])
    table.maintenance.expire_snapshots().by_ids(sorted(expired)).commit()
    cloud.delete(run.cloud, unused)


def _files(table: Table, snapshots: list[Snapshot]) -> set[str]:
    """Return all files of snapshots: manifest lists, manifests and data files."""
    files: set[str] = set()
    for snapshot in snapshots:
        files.add(snapshot.manifest_list)
        for manifest in snapshot.manifests(table.io):
            if manifest.manifest_path not in files:
                files.add(manifest.manifest_path)
                files |= {entry.data_file.file_path for entry in manifest.fetch_manifest_entry(table.io)}
    return files
