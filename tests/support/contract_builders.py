"""Builders of columns and contracts, an example of a contract, and the rows that readers return for bytes."""

import re
from tempfile import SpooledTemporaryFile
from typing import Any

import pyarrow as pa
import pytest

from lakehouse.contracts import types
from lakehouse.contracts.model import Column, Contract, Ingest, Source
from lakehouse.contracts.types import Type
from lakehouse.readers import rows as reader_rows
from lakehouse.readers.reader import read_file
from lakehouse.readers.rows import row_schema
from tests.support.repository import ROOT

URI = "s3://stage/sales/orders/file"

UNEXPECTED = "unexpected error"
"""How the reason of an unexpected error begins; only a defect of the readers causes one."""

SPOOLED = 1000
"""Bytes in memory; larger contents are read from disk."""

EXAMPLE, *_ = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs" / "contracts.md").read_text(), re.DOTALL)
"""The contract that docs/contracts.md shows; tests begin with it, so the documentation is always right."""


def column(name: str, type_: Type = types.STRING, **settings: Any) -> Column:
    return Column(name=name, type=type_, source_name=settings.pop("source_name", name), **settings)


def contract(*columns: Column, format_: str = "csv", key: tuple[str, ...] = (), **source: Any) -> Contract:
    return Contract(
        path="contracts/sales/orders.odcs.yaml",
        domain="sales",
        dataset="orders",
        version="1.0.0",
        columns=columns,
        key=key,
        ingest=Ingest.APPEND,
        source=Source(**{"name": "shop", "type": "s3", "format": format_} | source),
    )


def batches(contract: Contract, content: bytes, *, threads: int = 1, unexpected: bool = False) -> list[pa.RecordBatch]:
    """Return all rows as the reader yields them.

    Args:
        contract: has the format and the columns.
        content: bytes of the object.
        threads: as in `read_file`.
        unexpected: whether a reader may meet an error that it does not know.
    """
    with SpooledTemporaryFile(SPOOLED) as file:  # like the files of `fetch`
        file.write(content)
        file.seek(0)
        result = list(read_file(contract, file, source_file=URI, threads=threads))
    assert all(batch.schema == row_schema(contract) for batch in result)
    for batch in result:
        batch.validate(full=True)
        for errors in batch["_errors"].drop_null().to_pylist():
            assert unexpected or not any(error["reason"].startswith(UNEXPECTED) for error in errors), errors
    return result


def rows(contract: Contract, content: bytes, **settings: Any) -> list[dict[str, Any]]:
    """Return all rows, in the order of their records; see `batches`."""
    result = [row for batch in batches(contract, content, **settings) for row in batch.to_pylist()]
    return sorted(result, key=lambda row: row["_source_row"])


def accepted(result: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the accepted rows, without the columns that the readers add."""
    return [{name: row[name] for name in row if not name.startswith("_")} for row in result if row["_errors"] is None]


def reasons(result: list[dict[str, Any]]) -> list[str]:
    """Return all reasons, as `column: reason`."""
    return [
        f"{error['column']}: {error['reason']}" if error["column"] else error["reason"]
        for row in result
        for error in row["_errors"] or []
    ]


def fail_on_harmful(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the conversion of an array fail unexpectedly if it contains the text `harmful`."""
    real = reader_rows.convert_array

    def convert(array: pa.Array, *args: Any, **settings: Any) -> Any:
        if "harmful" in array.to_pylist():
            raise KeyError("a defect")
        return real(array, *args, **settings)

    monkeypatch.setattr(reader_rows, "convert_array", convert)
