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
from emulator.athena.runtime.statement_result import ROWS, StatementResult
from emulator.athena.runtime.statements import Name, Optimize, Vacuum
from emulator.athena.tables import catalog, iceberg_scan, iceberg_write
from emulator.athena.tables.replace_files import replace_files

_SMALL_BYTES, _FILE_THRESHOLD, _DELETE_THRESHOLD = 402653184, 5, 2
_MAX_AGE_SECONDS, _SNAPSHOTS_TO_KEEP = 432000, 1


def _iceberg(run: Run, name: Name, verb: str) -> tuple[str, str]:
    database = name.database or run.context.database
    table = catalog.get_table(run.cloud, database, name.table)
    if not catalog.is_iceberg(table):
        raise not_supported(f"{verb} of a table that is not Iceberg's: {database}.{name.table}")
    return database, name.table


def optimize(statement: Optimize, run: Run) -> StatementResult:
    name = _iceberg(run, statement.name, "OPTIMIZE")
    rows = iceberg_write.retry_commit(run, name, lambda table: _bin_pack(run, table, name, statement.where))
    return StatementResult(columns=ROWS, update_count=rows, files=[])


def _bin_pack(run: Run, table: Table, name: tuple[str, str], where: exp.Expr | None) -> int:
    """Write the small files of each partition as one; returns the number of rows in them."""
    query = exp.select("*").from_(exp.table_(name[1], db=name[0]))
    bound = bind(run, query.where(where.copy()) if where is not None else query)
    wanted = pushdown.iceberg_filter(run, next(iter(pushdown.conditions(bound.tree).values()), []))
    tasks = _to_rewrite(table, iceberg_scan.plan(table, snapshot_id=None, row_filter=wanted))
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
    """Files that are too small, of another partitioning, or have many deletes; of partitions with enough of them."""

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
    name = _iceberg(run, statement.name, "VACUUM")
    iceberg_write.retry_commit(run, name, lambda table: _expire(run, table))
    return StatementResult(lines=[])


def _expire(run: Run, table: Table) -> None:
    """Expire old snapshots, and delete the files that only they had."""
    age = int(table.properties.get("vacuum_max_snapshot_age_seconds", _MAX_AGE_SECONDS))
    keep = int(table.properties.get("vacuum_min_snapshots_to_keep", _SNAPSHOTS_TO_KEEP))
    newest = sorted(table.snapshots(), key=lambda s: s.timestamp_ms, reverse=True)
    named = {reference.snapshot_id for reference in table.refs().values()}
    oldest = datetime.now(UTC) - timedelta(seconds=age)
    old = [
        snapshot
        for snapshot in newest[keep:]
        if snapshot.snapshot_id not in named and snapshot.timestamp_ms < oldest.timestamp() * 1000
    ]
    if not old:
        return
    expired = {s.snapshot_id for s in old}
    doomed = _files(table, old) - _files(table, [s for s in newest if s.snapshot_id not in expired])
    table.maintenance.expire_snapshots().by_ids(sorted(expired)).commit()
    cloud.delete(run.cloud, doomed)


def _files(table: Table, snapshots: list[Snapshot]) -> set[str]:
    """Every file that snapshots consist of: manifest lists, manifests, data files."""
    found: set[str] = set()
    for snapshot in snapshots:
        found.add(snapshot.manifest_list)
        for manifest in snapshot.manifests(table.io):
            if manifest.manifest_path not in found:
                found.add(manifest.manifest_path)
                found |= {entry.data_file.file_path for entry in manifest.fetch_manifest_entry(table.io)}
    return found
