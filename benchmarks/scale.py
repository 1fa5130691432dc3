"""Benchmark: what follows the work in hand, and what grows with datasets or batches? `make bench-scale`.

python -m benchmarks.scale [--datasets 10 50 200 1000] [--batches 10 1000 100000] [--rows synth ...]

Seconds are processor time. It fails if a figure is over its bar at the largest number, or if a number of calls grows.
"""

import argparse
import logging
import resource
import subprocess
import sys
from collections.abc import Sequence
from typing import NamedTuple

import requests

from benchmarks.measure import run
from tests.support import moto_glue
from tests.support.repository import ROOT

DATASETS, BATCHES = (10, 50, 200, 1_000), (10, 1_000, 100_000)


class Bar(NamedTuple):
    """What a figure may be at the largest number; `flat` figures may not grow with the number at all."""

    most: float
    flat: bool = False


OF_DATASETS = {
    "synth": {"resources of a stack": Bar(400), "KB of a template": Bar(800), "share of a bar, %": Bar(100)},
    "contracts_check": {"contracts check, s": Bar(5)},
    "dag_bundle": {"DAG bundle, s": Bar(5)},
    "tables_plan": {"tables plan, s for 1,000 tables": Bar(60)},
    "idle_run": {"idle run, calls": Bar(200), "idle run, s": Bar(10)},
}
OF_BATCHES = {
    "planning": {
        "plan with nothing waiting, calls": Bar(20, flat=True),
        "plan a backlog of 100 batches, calls": Bar(120),
    }
}
HELP = Bar(0.4)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a table of the figures next to their bars; return 1 if one falls short."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--datasets", type=int, nargs="+", default=DATASETS)
    parser.add_argument("--batches", type=int, nargs="+", default=BATCHES)
    parser.add_argument("--rows", nargs="+", default=[*OF_DATASETS, *OF_BATCHES, "help"])
    options = parser.parse_args(arguments)
    short: list[str] = []
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # it logs every request
    with moto_glue.server() as variables:
        for rows, numbers, unit in (
            (OF_DATASETS, options.datasets, "datasets"),
            (OF_BATCHES, options.batches, "batches"),
        ):
            chosen = {row: bars for row, bars in rows.items() if row in options.rows}
            if chosen:
                _print("", *(f"{number:,} {unit}" for number in numbers), "bar")
                _print(*["---"] * (len(numbers) + 2))
            for row, bars in chosen.items():
                figures = [_measured(row, number, variables) for number in numbers]
                for name, bar in bars.items():
                    values = [one[name] for one in figures]
                    short += [] if _is_met(values, bar) else [name]
                    limit = f"{bar.most:g}" + (", flat" if bar.flat else "")
                    _print(name, *(f"{value:,.4g}" for value in values), limit)
    if "help" in options.rows:
        seconds = _help_seconds()
        short += [] if seconds <= HELP.most else ["lakehouse --help"]
        sys.stdout.write(f"\nlakehouse --help: {seconds:.2f} s, bar {HELP.most:g} s\n")
    sys.stdout.write(f"\nfalls short: {', '.join(short)}\n" if short else "\nall within their bars\n")
    return 1 if short else 0


def _measured(row: str, number: int, variables: dict[str, str]) -> dict[str, float]:
    requests.post(f"{variables['AWS_ENDPOINT_URL']}/moto-api/reset", timeout=60)
    if row in OF_BATCHES:  # in its own process, a hundred thousand objects take a tenth of the time
        variables = {name: value for name, value in variables.items() if name != "AWS_ENDPOINT_URL"}
    command = [sys.executable, "-m", "benchmarks.scale_rows", row, str(number)]
    figures: dict[str, float] = run(command, environment=variables).answer
    return figures


def _is_met(values: Sequence[float], bar: Bar) -> bool:
    return values[-1] <= bar.most and (not bar.flat or values[-1] <= values[0])


def _help_seconds() -> float:
    """Processor time of `lakehouse --help`, the least of five calls."""
    times = []
    for _ in range(5):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        command = [sys.executable, "-c", "from lakehouse.cli.main import main; main()", "--help"]
        subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        times.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(times)


def _print(*cells: str) -> None:
    sys.stdout.write(f"| {' | '.join(cells)} |\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
