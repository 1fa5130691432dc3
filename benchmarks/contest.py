"""Contenders of a benchmark, side by side: each run is a process of its own, and rounds are interleaved.

What else the machine does then falls on all of them alike; processor time says what each costs on a busy machine.
"""

import argparse
import json
import os
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.measure import Run, run
from emulator.runtime import server_lifecycle

SPARK_PYTHON = Path(".venv-spark-4.1/bin/python")


def given(contenders: Mapping[str, Callable[[], Any]], *, description: str, rounds: int = 3) -> int:
    """Rounds to run, from the command line; a contender that it names is run here instead, and ends the process."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("contender", nargs="?", choices=contenders, help="run this one only, here; prints its answer")
    parser.add_argument("--rounds", type=int, default=rounds)
    found = parser.parse_args()
    if found.contender:
        print(json.dumps(contenders[found.contender]()))  # noqa: T201
        raise SystemExit
    return int(found.rounds)


@contextmanager
def embedded_aws(root: Path) -> Iterator[dict[str, str]]:
    """An embedded AWS of its own, for this process too; gives the environment that points others at it."""
    environment = server_lifecycle.environment(server_lifecycle.up(root))
    os.environ.update(environment)
    try:
        yield environment
    finally:
        server_lifecycle.down(root)


def spark(script: str, *arguments: object) -> list[str]:
    """Command of a script that runs on Apache Spark, or nothing where that is not installed."""
    if not SPARK_PYTHON.exists():
        print(f"local Spark: not measured, {SPARK_PYTHON} is missing; `make bench` makes it if there is Java")  # noqa: T201
        return []
    return [str(SPARK_PYTHON), f"benchmarks/{script}", *map(str, arguments)]


def compare(
    commands: Mapping[str, list[str]], *, environment: Mapping[str, str], rounds: int, once: Collection[str]
) -> dict[str, list[Run]]:
    """Run every contender's command in each round.

    Args:
        commands: by contender; one without a command is left out.
        environment: variables of their processes, beside this one's.
        rounds: how often.
        once: contenders that take so long, and are so far off, that one round will do.

    Returns:
        their runs, by contender.
    """
    runs: dict[str, list[Run]] = {name: [] for name, command in commands.items() if command}
    for number in range(rounds):
        for name in runs:
            if number == 0 or name not in once:
                found = run(commands[name], environment=environment)
                runs[name].append(found)
                print(f"  round {number + 1}: {name}: {found.wall:.1f} s, {found.answer}", flush=True)  # noqa: T201
    return runs
