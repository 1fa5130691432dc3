"""What a contract says, as the rest of the lakehouse uses it: a frozen view of one ODCS file."""

from dataclasses import dataclass, field
from enum import StrEnum

from lakehouse.types import Type


class Ingest(StrEnum):
    """How records of a source add up to the state of a dataset (custom property `ingest`)."""

    APPEND = "append"
    CDC = "cdc"
    SNAPSHOT = "snapshot"


class Deduplicate(StrEnum):
    """What makes two appended records one (custom property `deduplicate`)."""

    NONE = "none"
    KEY = "key"
    RECORD = "record"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of a dataset.

    `source_name` is the column's name in what the source sends (ODCS `physicalName`), `name` is ours.
    """

    name: str
    type: Type
    source_name: str
    required: bool = False
    unique: bool = False
    classification: str | None = None
    description: str = ""
    enum: tuple[str, ...] = ()
    options: dict[str, object] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Partition:
    """One partition field of the integration table: an Iceberg transform of a column, e.g. `day(sold_at)`."""

    column: str
    transform: str
    """`identity`, `year`, `month`, `day`, `hour`, `bucket[N]` or `truncate[N]`, as the Iceberg spec writes them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a dataset comes from (ODCS `servers[]`)."""

    name: str
    type: str
    """`postgresql`, `mysql`, `s3`, `kinesis`, `kafka` or `api`."""
    format: str
    """Form of the objects in stage: `csv`, `json`, `jsonl`, `parquet` or `avro`; databases arrive as `parquet`."""
    database: str | None = None
    schema: str | None = None
    table: str | None = None
    delimiter: str = ","
    quote: str = '"'
    encoding: str = "utf-8"
    header: bool = True

    @property
    def is_database(self) -> bool:
        """Whether DMS brings it, which adds `lakehouse.dms` columns to each record."""
        return self.type in ("postgresql", "mysql")


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """One dataset: its columns, keys, source and how its records add up."""

    path: str
    domain: str
    dataset: str
    version: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    ingest: Ingest
    source: Source
    ordering: tuple[str, ...] = ()
    """Columns whose greatest value is a key's current version; own columns or those of `lakehouse.dms`."""
    deduplicate: Deduplicate = Deduplicate.NONE
    partitions: tuple[Partition, ...] = ()
    may_be_empty: bool = False
    owner: str = ""
    description: str = ""

    @property
    def stage_prefix(self) -> str:
        """Key prefix in the stage bucket under which the source's objects arrive; ends with `/`."""
        if self.source.is_database:
            return f"dms/{self.source.name}/{self.source.schema}/{self.source.table}/"
        return f"{self.domain}/{self.dataset}/"

    def column(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)
