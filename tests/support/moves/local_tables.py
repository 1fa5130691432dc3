"""Iceberg tables in a folder of this machine, without a catalog server; their files are written as a test asks."""

import uuid
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pyiceberg.catalog.noop import NoopCatalog
from pyiceberg.io import load_file_io
from pyiceberg.io.pyarrow import schema_to_pyarrow
from pyiceberg.manifest import (
    DataFile,
    DataFileContent,
    FileFormat,
    ManifestContent,
    ManifestEntry,
    ManifestEntryStatus,
    ManifestWriterV2,
    write_manifest_list,
)
from pyiceberg.partitioning import UNPARTITIONED_PARTITION_SPEC
from pyiceberg.schema import Schema
from pyiceberg.table import CommitTableResponse, Table
from pyiceberg.table.metadata import new_table_metadata
from pyiceberg.table.refs import MAIN_BRANCH, SnapshotRefType
from pyiceberg.table.snapshots import Operation, Snapshot
from pyiceberg.table.sorting import UNSORTED_SORT_ORDER
from pyiceberg.table.update import (
    AddSnapshotUpdate,
    SetSnapshotRefUpdate,
    TableRequirement,
    TableUpdate,
    update_table_metadata,
)
from pyiceberg.typedef import Record


class LocalCatalog(NoopCatalog):
    """Keeps the metadata of tables in memory."""

    def __init__(self, folder: Path) -> None:
        super().__init__("local")
        self.folder = folder

    def create(self, schema: Schema, name: str = "t") -> Table:
        metadata = new_table_metadata(
            schema, UNPARTITIONED_PARTITION_SPEC, UNSORTED_SORT_ORDER, f"file://{self.folder}/{name}", {}
        )
        (self.folder / name / "metadata").mkdir(parents=True, exist_ok=True)
        (self.folder / name / "data").mkdir(exist_ok=True)
        return Table(("lake", name), metadata, "", load_file_io({}, metadata.location), self)

    def commit_table(
        self, table: Table, requirements: tuple[TableRequirement, ...], updates: tuple[TableUpdate, ...]
    ) -> CommitTableResponse:
        for requirement in requirements:
            requirement.validate(table.metadata)
        metadata = update_table_metadata(table.metadata, updates)
        return CommitTableResponse(metadata=metadata, metadata_location="")


def add_file(table: Table, rows: Sequence[dict[str, Any]]) -> str:
    """Append a data file with these rows, in this order, and return its path."""
    arrow = schema_to_pyarrow(table.schema(), include_field_ids=True)
    # Not `table.append`: PyIceberg writes an empty list for a null list of structs.
    file = _written(table, pa.Table.from_pylist(list(rows), schema=arrow), DataFileContent.DATA)
    with table.transaction() as transaction, transaction.update_snapshot().fast_append() as append:
        append.append_data_file(file)
    return file.file_path


def drop_file(table: Table, path: str) -> None:
    """Remove a data file with all its rows."""
    [file] = {
        task.file.file_path: task.file for task in table.scan().plan_files() if task.file.file_path == path
    }.values()
    with table.transaction() as transaction, transaction.update_snapshot().overwrite() as overwrite:
        overwrite.delete_data_file(file)


def delete_positions(table: Table, path: str, positions: Iterable[int]) -> None:
    """Delete rows of a data file by a file of position deletes, which PyIceberg cannot write."""
    deletes = pa.table(
        {"file_path": pa.array([path for _ in positions]), "pos": pa.array(list(positions), pa.int64())},
        schema=pa.schema(
            [
                pa.field("file_path", pa.string(), metadata={"PARQUET:field_id": "2147483546"}),
                pa.field("pos", pa.int64(), metadata={"PARQUET:field_id": "2147483545"}),
            ]
        ),
    )
    file = _written(table, deletes, DataFileContent.POSITION_DELETES)
    current = table.current_snapshot()
    assert current is not None
    snapshot_id, number = table.metadata.new_snapshot_id(), table.metadata.next_sequence_number()
    output = table.io.new_output(f"{table.location()}/metadata/{uuid.uuid4()}.avro")
    with _DeletesWriter(table.spec(), table.schema(), output, snapshot_id, "null") as writer:
        writer.add_entry(
            ManifestEntry.from_args(status=ManifestEntryStatus.ADDED, snapshot_id=snapshot_id, data_file=file)
        )
    manifest = writer.to_manifest_file()
    listed = table.io.new_output(f"{table.location()}/metadata/snap-{snapshot_id}.avro")
    with write_manifest_list(2, listed, snapshot_id, current.snapshot_id, number, "null") as manifests:
        manifests.add_manifests([manifest, *current.manifests(table.io)])
    snapshot = Snapshot.model_validate(
        {
            "snapshot-id": snapshot_id,
            "parent-snapshot-id": current.snapshot_id,
            "sequence-number": number,
            "timestamp-ms": current.timestamp_ms + 1,
            "manifest-list": listed.location,
            "summary": {"operation": Operation.DELETE},
            "schema-id": table.metadata.current_schema_id,
        }
    )
    main = {"ref-name": MAIN_BRANCH, "type": SnapshotRefType.BRANCH, "snapshot-id": snapshot_id}
    updates = (AddSnapshotUpdate(snapshot=snapshot), SetSnapshotRefUpdate.model_validate(main))
    table._do_commit(updates, ())


class _DeletesWriter(ManifestWriterV2):
    def content(self) -> ManifestContent:
        return ManifestContent.DELETES

    @property
    def _meta(self) -> dict[str, str]:
        return super()._meta | {"content": "deletes"}


def _written(table: Table, rows: pa.Table, content: DataFileContent) -> DataFile:
    path = f"{table.location()}/data/{uuid.uuid4()}.parquet"
    with table.io.new_output(path).create() as stream:
        pq.write_table(rows, stream)
    return DataFile.from_args(
        content=content,
        file_path=path,
        file_format=FileFormat.PARQUET,
        partition=Record(),
        record_count=len(rows),
        file_size_in_bytes=len(table.io.new_input(path)),
        sort_order_id=None,
        spec_id=0,
        equality_ids=None,
        key_metadata=None,
    )
