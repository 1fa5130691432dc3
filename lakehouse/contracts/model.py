"""Contracts as frozen dataclasses, independent of the ODCS files that they are read from.

One file, because the dataclasses are parts of one contract and are read together.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING

from lakehouse.contracts.api_source import Api
from lakehouse.sizes import Size

if TYPE_CHECKING:  # it imports Arrow, which planning batches does not need
    from lakehouse.contracts.types import Type

Bound = Decimal | date | datetime | str
"""A limit in the type of its column: Decimal for numbers, `str` (HH:MM:SS) for a time, an aware datetime in UTC."""


class Ingest(StrEnum):
    """How the records of a source make the state of a dataset (custom property `ingest`)."""

    APPEND = "append"
    CDC = "cdc"
    SNAPSHOT = "snapshot"


class Deduplicate(StrEnum):
    """What makes two appended records duplicates (custom property `deduplicate`)."""

    NONE = "none"
    KEY = "key"
    RECORD = "record"


class SchemaPolicy(StrEnum):
    """What happens to records whose columns are not those of the contract (custom property `schemaPolicy`)."""

    ADDITIVE = "additive"
    STRICT = "strict"


class Format(StrEnum):
    """Format of the text of a string column; records with other text are rejected."""

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
    """Constraints on a value in addition to its type; None if the contract has no such constraint; null satisfies all.

    Attributes:
        min_length, max_length: characters of a string, or elements of a list.
        pattern: RE2 regular expression that must match somewhere in the string; anchor it with ^ and $.
        format: format of the text of a string column.
        minimum, maximum: limits that a value may reach.
        exclusive_minimum, exclusive_maximum: limits that a value may not reach.
        multiple_of: number that divides every value.
        time_format: how text sources write a date or time, a pattern of Java (`dd/MM/yyyy`); None is ISO 8601.
        trim_padding: whether blanks at the end of a char(n) are removed (custom property `charPadding: trim`).
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
    trim_padding: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of a dataset.

    Attributes:
        name: name in the tables of the lakehouse.
        type: type of its values.
        source_name: name in the records of the source (ODCS `physicalName`).
        required: whether a value must not be null.
        unique: whether each value may occur only once.
        classification: a `Classification`; None if it has none.
        description: comment for readers of the table; "" for none.
        enum: allowed values, as text; empty if all are allowed.
        options: further constraints on its values.
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
    """One partition field of the integration table: an Iceberg transform of a column, e.g. `day(sold_at)`.

    Attributes:
        column: name of the column.
        transform: `identity`, `year`, `month`, `day`, `hour`, `bucket[N]` or `truncate[N]`, as in the Iceberg spec.
    """

    column: str
    transform: str

    def __str__(self) -> str:
        if self.transform == "identity":
            return self.column
        function, _, width = self.transform.rstrip("]").partition("[")
        return f"{function}({width}, {self.column})" if width else f"{function}({self.column})"


class Severity(StrEnum):
    """Effect of a quality rule that fails: `error` blocks the dataset, the others only report."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityRule:
    """One rule of ODCS `quality[]`: a measure and its comparison with thresholds.

    Attributes:
        name: unique within the contract.
        column: the column that it measures; None for the whole dataset.
        metric: ODCS library metric (`nullValues`, `missingValues`, `invalidValues`, `duplicateValues`, `rowCount`);
            None for a rule with a `query`.
        query: SQL that measures one number, with placeholders `{table}` and `{column}`; None for a `metric`.
        operator: ODCS operator, e.g. `mustBeLessThan`.
        thresholds: one number, or two for the `Between` operators.
        values: `validValues` of `invalidValues`, `missingValues` of the metric of that name; null is None.
        pattern: `pattern` of `invalidValues`.
        properties: columns whose values together must not repeat, for `duplicateValues` of a whole dataset.
        percent: whether the measure is in percent of the rows rather than in rows.
        severity: effect if it fails.
        description: text for people; "" for none.
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
    """Source of a dataset (ODCS `servers[]`).

    Attributes:
        name: name of the source; datasets of one source have the same.
        type: `postgresql`, `mysql`, `s3`, `kinesis`, `kafka` or `api`.
        format: format of the objects in stage: `csv`, `json`, `jsonl`, `parquet` or `avro`; `parquet` for databases.
        database: database of a database source.
        schema: schema of its table.
        table: table without the schema.
        delimiter: between the fields of a CSV line.
        quote: around a CSV field.
        encoding: of text files.
        header: whether CSV files begin with the names of the columns.
        api: how the API is called; None for other types.
    """

    name: str
    type: str
    format: str
    database: str | None = None
    schema: str | None = None
    table: str | None = None
    delimiter: str = ","
    quote: str = '"'
    encoding: str = "utf-8"
    header: bool = True
    api: Api | None = None

    @property
    def is_database(self) -> bool:
        """Whether DMS replicates it; each record then has the columns of `lakehouse.contracts.dms` too."""
        return self.type in ("postgresql", "mysql")


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """Contract of one dataset.

    Attributes:
        path: file that it was read from.
        domain: domain of the dataset.
        dataset: name of the dataset.
        version: `major.minor.patch`.
        columns: columns, in order.
        key: names of the key's columns; empty if there is no key.
        ingest: how its records make its state.
        source: where its records come from.
        ordering: columns that give the version order of a key: its own columns or those of `lakehouse.contracts.dms`.
        deduplicate: which appended records are duplicates.
        partitions: partition fields of the integration table.
        may_be_empty: whether a snapshot without records is accepted (custom property `mayBeEmpty`).
        row_filter: predicate of the rows for roles without access to all rows (`rowFilter`); "" for no filter.
        schema_policy: what happens to records whose columns are not those of the contract.
        size: amount of data between two runs.
        quality: quality rules.
        freshness: maximum age of the newest data (ODCS `slaProperties`, property `freshness`); None if not promised.
        retention: how long data is kept (ODCS `slaProperties`, property `retention`); None for ever.
        owner: team that owns it; "" if not named.
        description: text for people; "" for none.
    """

    path: str
    domain: str
    dataset: str
    version: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    ingest: Ingest
    source: Source
    ordering: tuple[str, ...] = ()
    deduplicate: Deduplicate = Deduplicate.NONE
    partitions: tuple[Partition, ...] = ()
    may_be_empty: bool = False
    row_filter: str = ""
    schema_policy: SchemaPolicy = SchemaPolicy.ADDITIVE
    size: Size = Size.SMALL
    quality: tuple[QualityRule, ...] = ()
    freshness: timedelta | None = None
    retention: timedelta | None = None
    owner: str = ""
    description: str = ""

    @property
    def has_versions(self) -> bool:
        """Whether a rejected record can leave an older version of its row; a snapshot states all rows again."""
        return self.ingest is Ingest.CDC or self.deduplicate is Deduplicate.KEY

    @property
    def can_be_reconciled(self) -> bool:
        """Whether it is the current state of a PostgreSQL table, with which `lakehouse reconcile` compares it."""
        return self.source.type == "postgresql" and self.ingest is Ingest.CDC

    @property
    def source_columns(self) -> frozenset[str]:
        """Names of its columns in the source."""
        return frozenset(column.source_name for column in self.columns)

    @property
    def stage_prefix(self) -> str:
        """Key prefix in the stage bucket under which the source's objects arrive; ends with `/`."""
        if self.source.is_database:
            return f"dms/{self.source.name}/{self.source.schema}/{self.source.table}/"
        return f"{self.domain}/{self.dataset}/"

    def column(self, name: str) -> Column:
        """Return the column of a name.

        Raises:
            StopIteration: there is none.
        """
        return next(column for column in self.columns if column.name == name)
