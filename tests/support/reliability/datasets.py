"""Three datasets, one for each way in which records add up, and what arrives for them."""

import io
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from lakehouse.contracts import dms
from lakehouse.contracts.loader import load_contracts

CONTRACTS = Path(__file__).parent / "contracts"
VISITS, ACCOUNTS, PRICES = "visits", "accounts", "prices"
DATASETS = {contract.dataset: contract for contract in load_contracts(CONTRACTS)}

Files = dict[str, bytes]
"""What arrives together: contents by the end of their keys in stage."""

Change = tuple[str, int, int | None, int | None]
"""Operation, id, amount, and where it stands in the order of changes (None: in the full load)."""


def changes(rows: Iterable[Change]) -> bytes:
    """A file as DMS writes it."""
    records = [
        {
            dms.OPERATION: operation,
            "id": id_,
            "amount": amount,
            dms.COMMIT_TIMESTAMP: f"{datetime(2026, 3, 1, tzinfo=UTC):%Y-%m-%d %H:%M:%S.%f}",
            dms.CHANGE_SEQUENCE: None if sequence is None else f"{sequence:035d}",
        }
        for operation, id_, amount, sequence in rows
    ]
    schema = pa.schema(
        [
            (dms.OPERATION, pa.string()),
            ("id", pa.int64()),
            ("amount", pa.int32()),
            (dms.COMMIT_TIMESTAMP, pa.string()),
            (dms.CHANGE_SEQUENCE, pa.string()),
        ]
    )
    with io.BytesIO() as file:
        pq.write_table(pa.Table.from_pylist(records, schema=schema), file)
        return file.getvalue()


FIRST: dict[str, Files] = {
    VISITS: {"1.csv": b"id,at,page\n1,2026-03-01 10:00:00,/\n2,2026-03-01 11:00:00,/shop\nnone,,/\n"},
    ACCOUNTS: {"LOAD00000001.parquet": changes(("I", id_, 100, None) for id_ in range(1, 7))},
    PRICES: {"monday/prices.csv": b"id,price\n1,1.00\n2,2.00\n3,3.00\n"},
}
"""What is in all tables before anything goes wrong."""

SECOND: dict[str, Files] = {
    # Sent again, and new; a line that the contract refuses.
    VISITS: {
        "2.csv": b"id,at,page\n2,2026-03-01 11:00:00,/shop\n3,2026-03-02 09:00:00,/\n3,2026-03-02 09:00:00,/\nx,y,z\n",
        "3.csv": b"id,at,page\n4,2026-03-01 12:00:00,\n",
    },
    # Of two keys twice, one deleted, one deleted and there again, one new.
    ACCOUNTS: {
        "20260301-100000.parquet": changes(
            [("U", 1, 50, 1), ("U", 2, 150, 1), ("U", 1, 40, 2), ("D", 3, None, 3), ("D", 4, None, 4), ("I", 4, 5, 5)]
        ),
        "20260301-100100.parquet": changes([("I", 7, 70, 6), ("U", 2, 160, 7)]),
    },
    # One changed, one new, one gone.
    PRICES: {"tuesday/prices.csv": b"id,price\n1,1.00\n2,2.50\n4,4.00\n"},
}
"""What is on its way when it does."""
