"""What a format's reader yields: records in columns as the source sent them, and those that could not be read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import pyarrow as pa

MAX_RECORD = 16 * 2**20
"""A record of more bytes (in JSON documents, of more characters) is rejected, so that memory stays bounded."""

MAX_COLUMNS = 10_000
"""An object of more columns is rejected: its header alone would take more memory than its records."""

KEPT_OF_TOO_LONG = 64 * 2**10
"""How much of a record that is too long goes to `_record`; the stage object keeps the rest."""


class UnreadableError(Exception):
    """An object cannot be read from some row on, so none of it is: whole objects are accepted or sent again.

    Args:
        reason: what is wrong with it.
        row: line (of text) or record number at which reading stopped.
        text: what is there, where it can be shown as text.
    """

    def __init__(self, reason: str, *, row: int = 1, text: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.row = row
        self.text = text


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """A record whose columns are unknown, because its form is wrong; `column` is set where one column is to blame."""

    row: int
    text: str
    reason: str
    column: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """Some consecutive records of one object.

    Args:
        columns: values of each column that the source sent, by its name there; text, or types of the source's own.
        rows: int64, the line or record number of each record.
        original: the text of a record as it was sent, by its position in `rows`.
        broken: records beside those in `columns`.
        extras: fields that the contract lacks, by the record's position in `rows`, where records differ in them: a
            column for each would be as long as all records together.
    """

    columns: dict[str, pa.Array]
    rows: pa.Array
    original: Callable[[int], str]
    broken: list[Broken] = field(default_factory=list)
    extras: Mapping[int, Mapping[str, str]] = field(default_factory=dict)
