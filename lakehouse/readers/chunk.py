"""The chunks that the readers of formats yield: records in columns as the source sent them, and broken records."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa

MAX_RECORD = 16 * 2**20
"""Bytes (in JSON documents, characters) of a record; a longer record is rejected, so that memory stays bounded."""

MAX_VALUES = 2**20
"""Values in the arrays and objects of a record; a record with more is rejected, because each takes hundreds of bytes in
memory, whatever it takes in the object. An empty array or object counts as one."""

TOO_MANY = f"more than {MAX_VALUES:,} values in arrays and objects"

MAX_COLUMNS = 10_000
"""Columns of an object; an object with more is rejected, because its header would take more memory than its records."""

KEPT_OF_TOO_LONG = 64 * 2**10
"""Bytes of a record that is too long which go to `_record`; the stage object keeps the rest."""


class UnreadableError(Exception):
    """An object that cannot be read to its end; none of it is accepted, because sources send whole objects again.

    Attributes:
        reason: what is wrong with the object.
        row: line (of text) or record number at which reading stopped.
        text: content of that line; empty if it is not text.
    """

    def __init__(self, reason: str, *, row: int = 1, text: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.row = row
        self.text = text


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """A record that cannot be split into columns.

    Attributes:
        row: line or record number.
        text: the record as it was sent.
        reason: what is wrong with it.
        column: the column that is wrong, if it is one.
    """

    row: int
    text: str
    reason: str
    column: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """Some consecutive records of one object.

    Attributes:
        columns: values of each column that the source sent, by its name in the source; text, or types of the source.
        rows: int64, the line or record number of each record.
        original: returns the text of a record as it was sent, by its position in `rows`.
        broken: records that are not in `columns`.
        extras: fields that the contract lacks, by the record's position in `rows`. They are not in `columns` if
            records differ in them: a column for each field would be as long as all records together.
        nested: positions of arrays and objects whose JSON stands in a column of text, by the column's name.
        not_finite: positions of arrays and objects in a column of text with NaN or an infinity within.
        typed: positions of numbers, booleans, arrays and objects that stand in a column of text, by the column's name.
        reasons: columns of raw and why they are rejected, by the record's position: what a reader knows beyond types.
        out_of_range: positions of values with a time that no type holds, of which a column of text has a substitute.
    """

    columns: dict[str, pa.Array]
    rows: pa.Array
    original: Callable[[int], str]
    broken: list[Broken] = field(default_factory=list)
    extras: Mapping[int, Mapping[str, str]] = field(default_factory=dict)
    nested: Mapping[str, Sequence[int]] = field(default_factory=dict)
    typed: Mapping[str, Sequence[int]] = field(default_factory=dict)
    reasons: Mapping[int, Sequence[tuple[str, str]]] = field(default_factory=dict)
    out_of_range: Mapping[str, Sequence[int]] = field(default_factory=dict)
    not_finite: Mapping[str, Sequence[int]] = field(default_factory=dict)
