"""Quarantine: rejected records, which raw tables keep with their reasons and their original text."""

import re
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import islice

from pyiceberg.catalog import Catalog
from pyiceberg.expressions import And, In, NotNull, Reference
from pyiceberg.expressions.literals import literal

from lakehouse.contracts.columns import BATCH_ID, ERRORS, RECORD, SOURCE_FILE, SOURCE_ROW
from lakehouse.contracts.model import Contract
from lakehouse.names import Names, Zone

KINDS = {
    "required value is missing": "required, but",
    "wrong number of fields": r"expected \d+ fields?,",
    "not a value of the type": "expected|outside the range|more than|timestamp|time finer|date finer",
    "not an allowed value": "not one of",
    "wrong length": "shorter than|longer than",
    "does not match the pattern": "does not match",
    "not in the format": "not a valid",
    "outside the limits": "below minimum|above maximum|not above|not below|not a multiple of",
    "columns are not those of the contract": r"column|has fields|the file has no such column",
    "key was changed": "the change gave the key",
    "unreadable": "unreadable|invalid UTF-8|the quote at|text after the closing quote",
}
"""Beginnings of reasons, after the path of a nested value, by what they have in common."""
OTHER = "other"
_KINDS = {kind: re.compile(rf"(?:[^\s:']+: )?(?:{beginning})") for kind, beginning in KINDS.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """A rejected record.

    Attributes:
        batch_id: its batch.
        file: URI of its stage object.
        row: its line in a text file, else its number in the file; from 1.
        reasons: pairs of column and reason; the column is None if the reason is about the whole record.
        record: its original text.
    """

    batch_id: str
    file: str
    row: int
    reasons: tuple[tuple[str | None, str], ...]
    record: str


def rejected(catalog: Catalog, contract: Contract, *, names: Names, limit: int | None = None) -> Iterator[Rejected]:
    """Yield the rejected records of a dataset, in no particular order.

    Args:
        catalog: Iceberg catalog.
        contract: contract of the dataset.
        names: names of the deployment.
        limit: maximum number of records; None for all.
    """
    table = catalog.load_table((names.database(Zone.RAW), contract.dataset))
    scan = table.scan(
        row_filter=NotNull(term=Reference(name=RECORD)),
        selected_fields=(BATCH_ID, SOURCE_FILE, SOURCE_ROW, ERRORS, RECORD),
    )
    # An accepted record also has a `_record` if it has columns that its contract lacks.
    rows = (row for batch in scan.to_arrow_batch_reader() for row in batch.to_pylist() if row[ERRORS])
    for row in islice(rows, limit):
        yield Rejected(
            batch_id=row[BATCH_ID],
            file=row[SOURCE_FILE],
            row=row[SOURCE_ROW],
            reasons=tuple((reason["column"], reason["reason"]) for reason in row[ERRORS]),
            record=row[RECORD],
        )


def counts(
    catalog: Catalog, contract: Contract, *, names: Names, batch_ids: Collection[str]
) -> Counter[tuple[str | None, str]]:
    """Return the number of reasons in some batches, by column and kind; nothing of it is text of a record.

    Args:
        catalog: Iceberg catalog.
        contract: contract of the dataset.
        names: names of the deployment.
        batch_ids: the batches, which are partitions of the raw table.
    """
    table = catalog.load_table((names.database(Zone.RAW), contract.dataset))
    of_batches = In(term=Reference(name=BATCH_ID), values={literal(batch_id) for batch_id in batch_ids})
    scan = table.scan(
        row_filter=And(of_batches, NotNull(term=Reference(name=RECORD))), selected_fields=(BATCH_ID, ERRORS, RECORD)
    )
    known = {column.name for column in contract.columns}
    return Counter(
        (reason["column"] if reason["column"] in known else None, kind_of(reason["reason"]))
        for batch in scan.to_arrow_batch_reader()
        for reasons in batch.column(ERRORS).to_pylist()
        for reason in reasons or ()
    )


def kind_of(reason: str) -> str:
    """Return the kind of a reason: a key of `KINDS`, or `other`; a reason itself may quote a value."""
    return next((kind for kind, beginning in _KINDS.items() if beginning.match(reason)), OTHER)
