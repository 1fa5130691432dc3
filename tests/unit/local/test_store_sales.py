"""The till's files hold what the generator says, read by somebody else: DuckDB."""

from pathlib import Path

import duckdb
import pytest

from local.demo.store_sales import HEADER, TillFile, Week, write_week


@pytest.fixture(scope="module")
def week(tmp_path_factory: pytest.TempPathFactory) -> Week:
    return write_week(tmp_path_factory.mktemp("till"))


def lines(file: TillFile) -> duckdb.DuckDBPyRelation:
    return duckdb.sql(
        f"SELECT * FROM read_csv('{file.path}', all_varchar=true, null_padding=true, header=true, strict_mode=false)"
    )


def test_counts_are_those_of_the_files(week: Week) -> None:
    for file in (*week.on_time, week.late):
        records = lines(file)
        assert tuple(records.columns) == HEADER
        good = records.filter(
            "try_cast(Quantity AS int) IS NOT NULL AND try_cast(InvoiceDate AS timestamp) IS NOT NULL "
            "AND Description IS NOT NULL AND Country IS NOT NULL"
        )
        assert len(records) == file.records
        assert len(records) - len(good) == file.faulty
        assert len(good.distinct()) == file.different
        assert len(good.filter("InvoiceNo LIKE 'C%' AND Quantity::int < 0")) == file.kinds["cancellations"]


def test_a_week_has_every_fault(week: Week) -> None:
    files = [*week.on_time, week.late]
    kinds = {kind for file in files for kind, count in file.kinds.items() if count}
    assert kinds == {
        "sales",
        "cancellations",
        "duplicates",
        "wrong_types",
        "impossible_dates",
        "missing_descriptions",
        "truncated",
    }
    assert len(files) == 7
    assert week.late.path.name < week.on_time[-1].path.name
    assert week.again.path.read_bytes() == week.on_time[1].path.read_bytes()
    assert week.again.path != week.on_time[1].path


def test_the_same_week_every_time(week: Week, tmp_path: Path) -> None:
    again = write_week(tmp_path)
    pairs = zip((*week.on_time, week.late), (*again.on_time, again.late), strict=True)
    assert all(first.path.read_bytes() == second.path.read_bytes() for first, second in pairs)
