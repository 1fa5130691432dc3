"""The till's real files: accepted and rejected records are as many as DuckDB counts with its own rules."""

from collections import Counter
from pathlib import Path

import duckdb
import pytest

from lakehouse.contracts.loader import load_contract
from lakehouse.readers.reader import read_file

FILES = sorted(Path("../shared/data/online_retail").glob("*.csv.gz"))[::10]


@pytest.mark.skipif(not FILES, reason="the online retail data set is not at ../shared/data/online_retail")
def test_counts_of_each_file_are_those_of_duckdb() -> None:
    contract = load_contract("contracts/sales/store_sales.odcs.yaml")
    counts: Counter[tuple[str, bool]] = Counter()
    for path in FILES:
        with path.open("rb") as file:
            for batch in read_file(contract, file, source_file=str(path)):
                counts.update((str(path), errors is None) for errors in batch["_errors"].to_pylist())
    expected = duckdb.execute(
        """
        SELECT filename, coalesce(
            regexp_full_match(InvoiceNo, 'C?[0-9]{6}')
            AND StockCode <> '' AND Description <> '' AND Country <> ''
            AND regexp_full_match(Quantity, '-?[0-9]+')
            AND regexp_full_match(UnitPrice, '[0-9]+([.][0-9]{1,3}0*)?')
            AND (CustomerID IS NULL OR regexp_full_match(CustomerID, '[0-9]+([.]0)?'))
            AND try_strptime(InvoiceDate, '%Y-%m-%d %H:%M:%S') IS NOT NULL,
            false) AS accepted, count(*)
        FROM read_csv(?, all_varchar = true, header = true, filename = true)
        GROUP BY ALL
        """,
        [[str(path) for path in FILES]],
    ).fetchall()
    assert counts == {(path, accepted): count for path, accepted, count in expected}
    assert {accepted for _, accepted in counts} == {True, False}
