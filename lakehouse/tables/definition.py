"""Definitions of tables: columns, key, partitions, location and properties, derived from contracts."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import count

from pyiceberg.partitioning import PARTITION_FIELD_ID_START, PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.transforms import parse_transform
from pyiceberg.types import NestedField

from lakehouse.contracts import columns, types
from lakehouse.contracts.model import Column, Contract, Ingest, Partition
from lakehouse.contracts.types import Type
from lakehouse.names import Names, Zone

PURGED_BEFORE = "lakehouse.purged-before"
"""Table property: tombstones of commits before this time may have been purged."""

PURGED_THROUGH = "lakehouse.purged-through-batch"
"""Table property of a dataset with `ingest: snapshot`: tombstones of batches up to this one may have been purged."""

DATASET_PROPERTY = "lakehouse.dataset"
"""Table property: the dataset; tables that the lakehouse did not create have none."""

WINDOWS_PROPERTY = "lakehouse.windows"
"""Table property: the windows of the contract; the panes of other windows cannot be continued."""

SNAPSHOT_DAYS = 7
"""How many days back a table can be queried and restored, unless its contract has a shorter retention."""

# Iceberg docs, "Configuration". Format version is PyIceberg's 2, the newest that it writes. Every commit rewrites a
# table's metadata, so old versions of it are dropped. Many datasets append to the ops tables at once, so a commit
# conflict is retried more often than the default of 4.
_PROPERTIES = {
    "write.parquet.compression-codec": "zstd",
    "write.metadata.delete-after-commit.enabled": "true",
    "write.metadata.previous-versions-max": "20",
    "commit.retry.num-retries": "20",
    "commit.retry.min-wait-ms": "100",
    "commit.retry.max-wait-ms": "5000",
}

_ERROR = types.struct_of({"column": types.STRING, "reason": types.STRING})


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One column of a table.

    Attributes:
        name: name of the column.
        type: type of its values.
        doc: comment of the column; "" for none.
        required: whether its values must not be null.
        renamed_from: names that the column had before, newest first.
    """

    name: str
    type: Type
    doc: str = ""
    required: bool = False
    renamed_from: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """Definition of one table.

    Attributes:
        database: Glue database.
        table: name of the table in the database.
        location: S3 URI of its data and metadata.
        fields: columns, in the order of a new table.
        partitions: partition fields, in order.
        key: columns that identify a row (Iceberg's identifier fields).
        properties: Iceberg table properties that the lakehouse sets; a table may have others.
        snapshot_days: how many days a snapshot is kept after it stopped being the current one.
    """

    database: str
    table: str
    location: str
    fields: tuple[Field, ...]
    partitions: tuple[Partition, ...] = ()
    key: tuple[str, ...] = ()
    properties: dict[str, str]
    snapshot_days: int = SNAPSHOT_DAYS

    @property
    def name(self) -> str:
        """`database.table`."""
        return f"{self.database}.{self.table}"

    @property
    def schema(self) -> Schema:
        """Schema for PyIceberg to create and evolve the table; its ids are placeholders, unique within the schema."""
        ids = count(1).__next__
        fields = [
            NestedField(
                field_id=ids(),
                name=field.name,
                field_type=field.type.iceberg_with(ids=ids),
                required=field.required,
                doc=field.doc or None,
            )
            for field in self.fields
        ]
        key = [field.field_id for field in fields if field.name in self.key]
        return Schema(*fields, identifier_field_ids=key)

    def spec(self, schema: Schema) -> PartitionSpec:
        """Return the partition spec on the field ids of `schema`."""
        return PartitionSpec(
            *(
                PartitionField(
                    source_id=schema.find_field(partition.column).field_id,
                    field_id=PARTITION_FIELD_ID_START + index,
                    transform=parse_transform(partition.transform),
                    name=_partition_name(partition),
                )
                for index, partition in enumerate(self.partitions)
            )
        )


def of_contracts(contracts: Iterable[Contract], *, names: Names) -> list[Definition]:
    """Return the definitions of the raw and the integration table of each dataset."""
    return [define(contract, names=names) for contract in contracts for define in (raw, integration)]


def raw(contract: Contract, *, names: Names) -> Definition:
    """Define the raw table: every received record, typed or rejected with its reasons; one partition per batch."""
    database = [
        Field(name=columns.OPERATION, type=types.STRING, doc="I, U or D as the source recorded the change"),
        *_change_fields(),
    ]
    cleansed = Field(
        name=columns.CLEANSED, type=types.list_of(types.STRING), doc="Rules that changed a value, as column: rule"
    )
    return _of_contract(
        contract,
        zone=Zone.RAW,
        fields=(
            *(_own(column, required=False) for column in contract.columns),
            *(database if contract.source.has_operations else ()),
            *((cleansed,) if contract.is_cleansed else ()),
            Field(name=columns.ERRORS, type=types.list_of(_ERROR), doc="Why it was rejected; null if accepted"),
            Field(name=columns.RECORD, type=types.STRING, doc="Original text of a rejected record"),
            *_origin_fields(),
        ),
        partitions=(Partition(column=columns.BATCH_ID, transform="identity"),),
        key=(),
        names=names,
    )


def integration(contract: Contract, *, names: Names) -> Definition:
    """Define the integration table: the current row of each key, or each record of an append-only dataset once."""
    deleted = Field(name=columns.DELETED, type=types.BOOLEAN, doc="Whether the source deleted it; only its key is left")
    return _of_contract(
        contract,
        zone=Zone.INTEGRATION,
        fields=(
            # A tombstone has only its key, so other columns may be null even if the contract requires them.
            *(_own(column, required=column.name in contract.key) for column in contract.columns),
            *(_change_fields() if contract.source.has_operations else ()),
            *((deleted,) if contract.ingest is not Ingest.APPEND else ()),
            *_origin_fields(),
        ),
        partitions=contract.partitions,
        key=contract.key,
        names=names,
    )


def _of_contract(
    contract: Contract,
    *,
    zone: Zone,
    fields: tuple[Field, ...],
    partitions: tuple[Partition, ...],
    key: tuple[str, ...],
    names: Names,
) -> Definition:
    return Definition(
        database=names.database(zone),
        table=contract.dataset,
        location=names.table_location(zone, domain=contract.domain, table=contract.dataset),
        fields=fields,
        partitions=partitions,
        key=key,
        properties=properties(contract.description)
        | {
            DATASET_PROPERTY: contract.dataset,
            "lakehouse.domain": contract.domain,
            "lakehouse.contract-version": contract.version,
        }
        | ({"lakehouse.owner": contract.owner} if contract.owner else {}),
        snapshot_days=_snapshot_days(contract),
    )


def _snapshot_days(contract: Contract) -> int:
    """Return how long snapshots are kept: old snapshots must not keep data longer than the contract's retention."""
    return SNAPSHOT_DAYS if contract.retention is None else max(1, min(SNAPSHOT_DAYS, contract.retention.days))


def properties(description: str) -> dict[str, str]:
    """Return the properties of all tables; Spark shows the description from `comment`, Glue from `Description`."""
    return _PROPERTIES | ({"comment": description, "Description": description} if description else {})


def _own(column: Column, *, required: bool) -> Field:
    return Field(name=column.name, type=column.type, doc=column.description, required=required, renamed_from=column.was)


def _change_fields() -> tuple[Field, ...]:
    return (
        Field(name=columns.COMMIT_TIMESTAMP, type=types.TIMESTAMP, doc="When the source committed the change"),
        Field(name=columns.CHANGE_SEQUENCE, type=types.STRING, doc="Grows with every change of the source"),
    )


def _origin_fields() -> tuple[Field, ...]:
    return (
        Field(name=columns.SOURCE_FILE, type=types.STRING, doc="S3 URI of the object that held the record"),
        Field(name=columns.SOURCE_ROW, type=types.LONG, doc="Line of a text file, else number of the record, from 1"),
        Field(name=columns.BATCH_ID, type=types.STRING, doc="Batch that brought it"),
        Field(name=columns.INGESTED_AT, type=types.TIMESTAMP, doc="When the batch was loaded"),
    )


def _partition_name(partition: Partition) -> str:
    """Return the name that Spark gives a partition field (Iceberg docs, Spark DDL)."""
    function, _, width = partition.transform.rstrip("]").partition("[")
    if function == "identity":
        return partition.column
    return "_".join(filter(None, (partition.column, "trunc" if function == "truncate" else function, width)))
