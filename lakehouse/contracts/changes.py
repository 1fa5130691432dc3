"""Where a change event has its operation, its row and its order (custom property `changes`)."""

from dataclasses import dataclass
from enum import StrEnum

Path = tuple[str, ...]
"""Names of the fields that lead to a value; empty for the record itself."""


class OrderType(StrEnum):
    """How the values of an order are compared."""

    INTEGER = "integer"
    TIMESTAMP = "timestamp"
    TEXT = "text"
    LOG_FILE = "logFile"
    """By the number after the last dot, as in `mysql-bin.000003`."""
    LOG_POSITION = "logPosition"
    """By the same number and the position after it, as in `mysql-bin.000003:4711`."""


class TimeUnit(StrEnum):
    """What a number that stands for a time counts, since 1970."""

    SECONDS = "s"
    MILLISECONDS = "ms"
    MICROSECONDS = "us"
    NANOSECONDS = "ns"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One of the values that say which of two changes is later; the first that differs decides."""

    path: Path
    type: OrderType = OrderType.INTEGER


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """The form of the change events of a source.

    Attributes:
        preset: name of the tool that writes them, for messages: `debezium`, `maxwell`, `dms` or `column`.
        operation: where the word for the operation is.
        operations: operation of DMS (I, U or D) by the source's word for it.
        loads: words of rows that were read, not changed; without an order they are older than every change.
        without_row: words of events that state nothing about a row, and are no records.
        after: the row after the change.
        deleted: the row of a delete, or its key.
        before: values before the change, of the row or of the columns that changed; None if the source sends none.
        time: when the source committed the change; None if the source does not say it.
        time_unit: what a number there counts; None if times are texts.
        order: order of the changes; empty if columns of the dataset order them.
        omits_nulls: whether the source leaves out columns that are null.
    """

    preset: str
    operation: Path
    operations: tuple[tuple[str, str], ...]
    loads: tuple[str, ...] = ()
    without_row: tuple[str, ...] = ()
    after: Path = ()
    deleted: Path = ()
    before: Path | None = None
    time: Path | None = None
    time_unit: TimeUnit | None = None
    order: tuple[Order, ...] = ()
    omits_nulls: bool = False

    @property
    def is_nested(self) -> bool:
        """Whether rows are objects within the event, which only JSON has."""
        return bool(self.after)

    @property
    def own_fields(self) -> frozenset[str]:
        """Fields of a flat record that are about the change; columns of the dataset may use them, too."""
        paths = (self.operation, self.time or (), *(order.path for order in self.order))
        return frozenset() if self.is_nested else frozenset(path[0] for path in paths if path)
