"""Iceberg's metadata tables: `"orders$snapshots"`, `$history`, `$files`, `$partitions`, `$manifests`, `$refs`.

Columns as https://docs.aws.amazon.com/athena/latest/ug/querying-iceberg-table-metadata.html lists them.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from pyiceberg import conversions
from pyiceberg.io.pyarrow import schema_to_pyarrow
from pyiceberg.table import Table
from pyiceberg.transforms import IdentityTransform
from pyiceberg.types import PrimitiveType

from emulator.athena.binding.relations import ArrowRelation, Relation
from emulator.athena.runtime import type_names
from emulator.athena.runtime.errors import AthenaError, not_supported
from emulator.athena.runtime.run import Run
from emulator.athena.tables import catalog, iceberg_types
from emulator.athena.tables.hive_scan import NULL_PARTITION

if TYPE_CHECKING:
    from mypy_boto3_glue.type_defs import TableTypeDef

Row = dict[str, Any]
_INSTANT, _PAIRS = "timestamp(3) with time zone", "map(varchar, varchar)"
_COUNTS, _BOUNDS, _OFFSETS = "map(integer, bigint)", "map(integer, varchar)", "array(bigint)"
_SUMMARIES = "array(row(contains_null boolean, contains_nan boolean, lower_bound varchar, upper_bound varchar))"
_ROW_STATES = ("added", "existing", "deleted")
_PARTITION = "row of the partition's values"  # stands for a type that depends on the table
_ARROW = {
    "boolean": pa.bool_(),
    "integer": pa.int32(),
    "bigint": pa.int64(),
    "varchar": pa.string(),
    _INSTANT: pa.timestamp("ms", "UTC"),
    _PAIRS: pa.map_(pa.string(), pa.string()),
    _COUNTS: pa.map_(pa.int32(), pa.int64()),
    _BOUNDS: pa.map_(pa.int32(), pa.string()),
    _OFFSETS: pa.list_(pa.int64()),
    _SUMMARIES: pa.list_(
        pa.struct(
            {
                "contains_null": pa.bool_(),
                "contains_nan": pa.bool_(),
                "lower_bound": pa.string(),
                "upper_bound": pa.string(),
            }
        )
    ),
}


def relation(run: Run, table: "TableTypeDef", kind: str, *, place: str) -> Relation:
    """Return the relation of a metadata table.

    Raises:
        AthenaError: the table is not an Iceberg table, or there is no such metadata table.
    """
    name = f"{table['DatabaseName']}.{table['Name']}"
    if not catalog.is_iceberg(table):
        if kind == "partitions":
            return _hive_partitions(run, table)
        raise AthenaError("TABLE_NOT_FOUND", f"{place}: Table '{catalog.CATALOG}.{name}${kind}' does not exist")
    if kind not in _KINDS:
        raise not_supported(f"{place}: metadata table {name}${kind}; expected one of {', '.join(sorted(_KINDS))}")
    loaded = run.cloud.catalog.load_table((table["DatabaseName"], table["Name"]))
    columns, rows = _KINDS[kind]
    partition = loaded.metadata.specs_struct()
    if not partition.fields:
        columns = {name: kind for name, kind in columns.items() if kind != _PARTITION}
    arrow = {**_ARROW, _PARTITION: schema_to_pyarrow(partition, include_field_ids=False)}
    schema = pa.schema([(name, arrow[kind]) for name, kind in columns.items()])
    metadata = pa.Table.from_pylist([{name: row[name] for name in columns} for row in rows(loaded)], schema=schema)
    types = {
        name: iceberg_types.from_iceberg(partition) if kind == _PARTITION else type_names.parse_trino(kind)
        for name, kind in columns.items()
    }
    return ArrowRelation(metadata, types)


def _snapshots(table: Table) -> list[Row]:
    return [
        {
            "committed_at": pa.scalar(s.timestamp_ms, pa.timestamp("ms", "UTC")).as_py(),
            "snapshot_id": s.snapshot_id,
            "parent_id": s.parent_snapshot_id,
            "operation": s.summary.operation.value if s.summary else None,
            "manifest_list": s.manifest_list,
            "summary": list((s.summary.additional_properties if s.summary else {}).items()),
        }
        for s in table.snapshots()
    ]


def _history(table: Table) -> list[Row]:
    ancestors = set()
    snapshot = table.current_snapshot()
    while snapshot is not None:
        ancestors.add(snapshot.snapshot_id)
        parent = snapshot.parent_snapshot_id
        snapshot = table.snapshot_by_id(parent) if parent is not None else None
    parents = {s.snapshot_id: s.parent_snapshot_id for s in table.snapshots()}
    return [
        {
            "made_current_at": pa.scalar(entry.timestamp_ms, pa.timestamp("ms", "UTC")).as_py(),
            "snapshot_id": entry.snapshot_id,
            "parent_id": parents.get(entry.snapshot_id),
            "is_current_ancestor": entry.snapshot_id in ancestors,
        }
        for entry in table.history()
    ]


def _inspected(kind: str) -> Callable[[Table], list[Row]]:
    def rows(table: Table) -> list[Row]:
        return list(getattr(table.inspect, kind)().to_pylist()) if table.current_snapshot() else []

    return rows


def _partitions(table: Table) -> list[Row]:
    return [{**row, "total_size": row["total_data_file_size_in_bytes"]} for row in _inspected("partitions")(table)]


def _files(table: Table) -> list[Row]:
    types = {f.field_id: f.field_type for f in table.schema().fields if isinstance(f.field_type, PrimitiveType)}

    def readable(bounds: list[tuple[int, bytes]] | None) -> list[tuple[int, str]]:
        return [(key, _readable(types[key], value)) for key, value in bounds or [] if key in types]

    return [
        {**row, "lower_bounds": readable(row["lower_bounds"]), "upper_bounds": readable(row["upper_bounds"])}
        for row in _inspected("files")(table)
    ]


def _readable(kind: PrimitiveType, value: bytes) -> str:
    transform: IdentityTransform[Any] = IdentityTransform()
    return transform.to_human_string(kind, conversions.from_bytes(kind, value))


def _manifests(table: Table) -> list[Row]:
    snapshot = table.current_snapshot()
    manifests = {m.manifest_path: m for m in (snapshot.manifests(table.io) if snapshot else [])}
    return [
        {
            **row,
            **{f"{state}_rows_count": getattr(manifests[row["path"]], f"{state}_rows_count") for state in _ROW_STATES},
            "partitions": row["partition_summaries"],
        }
        for row in _inspected("manifests")(table)
    ]


def _hive_partitions(run: Run, table: "TableTypeDef") -> ArrowRelation:
    keys = {key["Name"].lower(): key["Type"] for key in table.get("PartitionKeys", [])}
    rows = [
        {key: None if value == NULL_PARTITION else value for key, value in zip(keys, p["Values"], strict=True)}
        for p in catalog.partitions(run.cloud, table)
    ]
    partitions = pa.Table.from_pylist(rows) if rows else pa.table({name: pa.array([], pa.string()) for name in keys})
    return ArrowRelation(partitions, {name: type_names.parse_hive(kind) for name, kind in keys.items()})


_KINDS: dict[str, tuple[dict[str, str], Callable[[Table], list[Row]]]] = {
    "snapshots": (
        {
            "committed_at": _INSTANT,
            "snapshot_id": "bigint",
            "parent_id": "bigint",
            "operation": "varchar",
            "manifest_list": "varchar",
            "summary": _PAIRS,
        },
        _snapshots,
    ),
    "history": (
        {
            "made_current_at": _INSTANT,
            "snapshot_id": "bigint",
            "parent_id": "bigint",
            "is_current_ancestor": "boolean",
        },
        _history,
    ),
    "files": (
        {
            "content": "integer",
            "file_path": "varchar",
            "file_format": "varchar",
            "partition": _PARTITION,
            "record_count": "bigint",
            "file_size_in_bytes": "bigint",
            "column_sizes": _COUNTS,
            "value_counts": _COUNTS,
            "null_value_counts": _COUNTS,
            "nan_value_counts": _COUNTS,
            "lower_bounds": _BOUNDS,
            "upper_bounds": _BOUNDS,
            "split_offsets": _OFFSETS,
        },
        _files,
    ),
    "partitions": (
        {"partition": _PARTITION, "record_count": "bigint", "file_count": "bigint", "total_size": "bigint"},
        _partitions,
    ),
    "manifests": (
        {
            "path": "varchar",
            "length": "bigint",
            "partition_spec_id": "integer",
            "added_snapshot_id": "bigint",
            "added_data_files_count": "integer",
            "added_rows_count": "bigint",
            "existing_data_files_count": "integer",
            "existing_rows_count": "bigint",
            "deleted_data_files_count": "integer",
            "deleted_rows_count": "bigint",
            "partitions": _SUMMARIES,
        },
        _manifests,
    ),
    "refs": (
        {
            "name": "varchar",
            "type": "varchar",
            "snapshot_id": "bigint",
            "max_reference_age_in_ms": "bigint",
            "min_snapshots_to_keep": "integer",
            "max_snapshot_age_in_ms": "bigint",
        },
        _inspected("refs"),
    ),
}
