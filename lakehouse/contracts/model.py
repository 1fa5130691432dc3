"""What a contract says, as the rest of the lakehouse uses it: a frozen view of one ODCS file."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING

from lakehouse.contracts.api_source import Api
from lakehouse.sizes import Size

if TYPE_CHECKING:  # it loads Arrow, which who only plans batches need not have
    from lakehouse.contracts.types import Type

Bound = Decimal | date | datetime | str
"""A limit in the type of its column: Decimal for numbers, `str` (HH:MM:SS) for a time, an aware datetime in UTC."""


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


class Format(StrEnum):
    """What the text of a string column must be; text that is not is refused."""

    EMAIL = "email"
    UUID = "uuid"
    URI = "uri"
    HOSTNAME = "hostname"
    IPV4 = "ipv4"
    IPV6 = "ipv6"
    JSON = "json"
    TIME = "time"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a value must be beside its type; None where the contract does not say. Nulls satisfy all of it.

    Args:
        min_length, max_length: characters of a string, or elements of a list.
        pattern: RE2 regular expression that must match somewhere in the string; anchor it with ^ and $.
        format: what the text of a string column must be.
        minimum, maximum: limits that a value may reach.
        exclusive_minimum, exclusive_maximum: limits that a value may not reach.
        multiple_of: number that divides every value.
        time_format: how text sources write a date or time, a pattern of Java (`dd/MM/yyyy`); None is ISO 8601.
    """

    min_length: int | None = None
    max_length: int | None = None
    pattern: str | None = None
    format: Format | None = None
    minimum: Bound | None = None
    maximum: Bound | None = None
    exclusive_minimum: Bound | None = None
    exclusive_maximum: Bound | None = None
    multiple_of: Decimal | None = None
    time_format: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of a dataset.

    `source_name` is the column's name in what the source sends (ODCS `physicalName`), `name` is ours.
    `enum` lists the only values allowed, as text; empty allows all.
    """

    name: str
    type: "Type"
    source_name: str
    required: bool = False
    unique: bool = False
    classification: str | None = None
    description: str = ""
    enum: tuple[str, ...] = ()
    options: Options = Options()


@dataclass(frozen=True, slots=True, kw_only=True)
class Partition:
    """One partition field of the integration table: an Iceberg transform of a column, e.g. `day(sold_at)`."""

    column: str
    transform: str
    """`identity`, `year`, `month`, `day`, `hour`, `bucket[N]` or `truncate[N]`, as the Iceberg spec writes them."""

    def __str__(self) -> str:
        if self.transform == "identity":
            return self.column
        function, _, width = self.transform.rstrip("]").partition("[")
        return f"{function}({width}, {self.column})" if width else f"{function}({self.column})"


class Severity(StrEnum):
    """What a quality rule that does not pass means: `error` stops the dataset, the others only report."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityRule:
    """One rule of ODCS `quality[]`: a measure, and the comparison that it must pass.

    Args:
        name: unique within the contract.
        column: the column it is about; None is the whole dataset.
        metric: ODCS library metric (`nullValues`, `missingValues`, `invalidValues`, `duplicateValues`, `rowCount`);
            None for a rule with a `query`.
        query: SQL that measures one number, with `{table}` and `{column}` for what it measures.
        values: `validValues` of `invalidValues`, `missingValues` of the metric of that name; null is None.
        pattern: `pattern` of `invalidValues`.
        properties: columns whose values together must not repeat, for `duplicateValues` of a whole dataset.
        percent: whether the measure is in percent of the rows rather than in rows.
        operator: ODCS operator, e.g. `mustBeLessThan`.
        thresholds: one number, or two for the `Between` operators.
    """

    name: str
    column: str | None
    metric: str | None
    query: str | None
    operator: str
    thresholds: tuple[Decimal, ...]
    values: tuple[str | None, ...] = ()
    pattern: str | None = None
    properties: tuple[str, ...] = ()
    percent: bool = False
    severity: Severity = Severity.ERROR
    description: str = ""


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
    api: Api | None = None
    """How the API is called, of a source of that type."""

    @property
    def is_database(self) -> bool:
        """Whether DMS brings it, which adds `lakehouse.contracts.dms` columns to each record."""
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
    """Columns whose greatest value is a key's current version; own columns or those of `lakehouse.contracts.dms`."""
    deduplicate: Deduplicate = Deduplicate.NONE
    partitions: tuple[Partition, ...] = ()
    may_be_empty: bool = False
    row_filter: str = ""
    """Predicate for the rows that people see who do not see all (custom property `rowFilter`); empty: no filter."""
    size: Size = Size.SMALL
    quality: tuple[QualityRule, ...] = ()
    freshness: timedelta | None = None
    """How old the newest data may become (ODCS `slaProperties`, property `freshness`)."""
    retention: timedelta | None = None
    """How long data is kept (ODCS `slaProperties`, property `retention`); None is for ever."""
    owner: str = ""
    description: str = ""

    @property
    def stage_prefix(self) -> str:
        """Key prefix in the stage bucket under which the source's objects arrive; ends with `/`."""
        if self.source.is_database:
            return f"dms/{self.source.name}/{self.source.schema}/{self.source.table}/"
        return f"{self.domain}/{self.dataset}/"

    def column(self, name: str) -> Column:
        """The column of that name; StopIteration where there is none."""
        return next(column for column in self.columns if column.name == name)
