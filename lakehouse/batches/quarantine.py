"""Quarantine: rejected records, which raw tables keep with their reasons and their original text."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from pyiceberg.catalog import Catalog
from pyiceberg.expressions import NotNull, Reference

from lakehouse.contracts.columns import BATCH_ID, ERRORS, RECORD, SOURCE_FILE, SOURCE_ROW
from lakehouse.contracts.model import Contract
from lakehouse.names import Names, Zone


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
