"""The contract of the till's files."""

from lakehouse.contracts.model import Contract, Ingest, Source

TILL = Contract(
    path="contracts/sales/till.odcs.yaml",
    domain="sales",
    dataset="till",
    version="1.0.0",
    columns=(),
    key=(),
    ingest=Ingest.APPEND,
    source=Source(name="till", type="s3", format="csv"),
)
"""Files that arrive under `sales/till/` in stage."""
