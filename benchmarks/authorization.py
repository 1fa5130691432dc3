"""Benchmark: what authorization costs the demo, with it `on` and `off` in turn.

python -m benchmarks.authorization [--rounds N]
"""

import argparse
import sys
import tempfile
from pathlib import Path
from statistics import median

from benchmarks.measure import Run, run
from local import lake
from local.demo.__main__ import main as demo

BAR = 1.10
"""Authorization may cost a tenth of the demo's processor time."""


def measured(mode: str) -> Run:
    """Return one demo in a new root folder, its servers included."""
    with tempfile.TemporaryDirectory(prefix="lakehouse-authorization-") as folder:
        command = [sys.executable, "-m", "benchmarks.authorization", "--root", str(Path(folder) / "root")]
        return run(command, environment={"LAKEHOUSE_LOCAL_AUTHORIZATION": mode})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--root", type=Path, help="run one demo there, and stop its servers")
    arguments = parser.parse_args()
    if arguments.root:
        demo(arguments.root)
        lake.down(arguments.root)
        sys.stdout.write("null\n")
        return
    runs: dict[str, list[Run]] = {"off": [], "on": []}
    for number in range(arguments.rounds):
        for mode, of_mode in runs.items():
            of_mode.append(found := measured(mode))
            sys.stdout.write(
                f"round {number + 1}, {mode}: {found.processor:.1f} s processor, {found.wall:.1f} s wall\n"
            )
            sys.stdout.flush()
    off, on = (median(found.processor for found in of_mode) for of_mode in runs.values())
    sys.stdout.write(f"processor time: off {off:.1f} s, on {on:.1f} s, {on / off:.3f}x; bar {BAR:.2f}x\n")
    sys.exit(on / off > BAR)


if __name__ == "__main__":
    main()
