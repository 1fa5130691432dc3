"""Benchmark: does the cost of a batch follow the batch, or the table? On files, in partitions of a million rows.

python -m benchmarks.batch_cost [--rounds N] [--millions 1 10 50]
"""

import argparse
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from statistics import median
from typing import Any

import duckdb
from pyiceberg.expressions import GreaterThanOrEqual

from benchmarks import changes, contest, growing
from benchmarks.appliers import LAKEHOUSE, LOADED, PANDAS, PREPARE, ROOT, UPSERT, Case
from benchmarks.growing import LOCAL, MILLION, SPREAD
from benchmarks.measure import Run, run

SIZE = 100_000
SPARK = "Spark, plain MERGE"
MOST_MILLIONS_OF_PANDAS = 10
"""It takes half a gigabyte of memory a million rows."""


def growing_tables(millions: Sequence[int]) -> Iterator[Case]:
    """The same batch, by each tool, on each table."""
    for tool in (LAKEHOUSE, UPSERT, PANDAS, SPARK):
        for number in millions:
            if tool != PANDAS or number <= MOST_MILLIONS_OF_PANDAS:
                yield Case(tool=tool, millions=number, size=SIZE, over=LOCAL)


def growing_batches(millions: int) -> Iterator[Case]:
    for over in (LOCAL, SPREAD):
        for size in (1_000, 10_000, 100_000, 1_000_000):
            yield Case(tool=LAKEHOUSE, millions=millions, size=size, over=over)


def measured(case: Case, *, environment: dict[str, str]) -> Run | None:
    """Apply the batch to the table as it was loaded; None where Apache Spark is not installed."""
    table = case.integration
    loaded = table.snapshot_by_name(LOADED)
    assert loaded is not None
    with table.manage_snapshots() as snapshots:
        snapshots.rollback_to_snapshot(loaded.snapshot_id)
    table.refresh()
    if case.tool == SPARK:
        command = contest.spark("spark_merge.py", table.metadata_location, table.name()[0], case.batch)
        return run(command, environment=environment) if command else None
    found = run(_command(case), environment=environment)
    if case.tool in (LAKEHOUSE, UPSERT) and (is_ := _result(case)) != (should_be := _expected(case)):
        sys.exit(f"{case} is wrong: {is_} is not DuckDB's {should_be}")
    return found


def _command(case: Case) -> list[str]:
    return [sys.executable, "-m", "benchmarks.appliers", *case.arguments]


def _expected(case: Case) -> Any:
    """What DuckDB makes of the rows that the batch may touch, and of the batch."""
    low = _lowest(case)
    rows = [str(growing.rows(number)) for number in range(low // MILLION, case.millions)]
    with duckdb.connect() as connection:
        latest = f"({changes.latest(case.batch)})"
        return changes.summary(
            connection,
            f"(SELECT {changes.SUMMED} FROM read_parquet({rows}) ANTI JOIN {latest} USING (order_id) "
            f"UNION ALL SELECT {changes.SUMMED} FROM {latest})",
        )


def _result(case: Case) -> Any:
    rows = case.integration.scan(
        row_filter=GreaterThanOrEqual("order_id", _lowest(case)),  # type: ignore[call-arg, arg-type]
        selected_fields=tuple(changes.SUMMED.split(", ")),
    ).to_arrow_batch_reader()
    with duckdb.connect() as connection:
        return changes.summary(connection.register("result", rows), "result")


def _lowest(case: Case) -> int:
    return (case.millions - 1) * MILLION if case.over == LOCAL else 0


def _print(title: str, found: dict[Case, list[Run]], *, label: Any) -> None:
    print(f"\n{title}\n{'':44}{'wall':>9}{'processor':>12}{'read':>11}{'written':>11}{'peak':>10}")  # noqa: T201
    for case, runs in found.items():
        wall, processor, read, written = (
            median(getattr(one, what) for one in runs) for what in ("wall", "processor", "read", "written")
        )
        print(  # noqa: T201
            f"{label(case):44}{wall:7.1f} s{processor:10.1f} s{read / 2**20:8,.0f} MB{written / 2**20:8,.0f} MB"
            f"{max(one.peak for one in runs) / 2**30:7.2f} GB",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--millions", type=int, nargs="+", default=[1, 10, 50])
    given = parser.parse_args()
    tables, batches = list(growing_tables(given.millions)), list(growing_batches(sorted(given.millions)[1]))
    with contest.embedded_aws(ROOT / "aws") as environment:
        for case in dict.fromkeys(replace(case, tool=PREPARE) for case in (*tables, *batches)):
            print(f"  preparing {case.size:,} changes in {case.over} of {case.millions}M rows", flush=True)  # noqa: T201
            run(_command(case), environment=environment)
        found: dict[Case, list[Run]] = {}
        for number in range(given.rounds):
            for case in dict.fromkeys((*tables, *batches)):
                if number and case.tool != LAKEHOUSE:
                    continue  # so slow, and so far off, that one round will do
                if one := measured(case, environment=environment):
                    found.setdefault(case, []).append(one)
                    print(f"  round {number + 1}: {case}, {case.size:,} in {case.over}: {one.wall:.1f} s", flush=True)  # noqa: T201
    _print(
        f"{SIZE:,} changes in the last million rows of tables that grow",
        {case: found[case] for case in tables if case in found},
        label=str,
    )
    _print(
        f"changes to {batches[0].millions} million rows",
        {case: found[case] for case in batches},
        label=lambda case: f"{case.size:,} in {case.over}",
    )
    shutil.rmtree(ROOT)


if __name__ == "__main__":
    main()
