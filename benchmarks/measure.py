"""Measure processes: wall time, processor time and peak memory of a process and all that it starts."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run of a contender: seconds, bytes, and what it printed as its last line, in JSON."""

    wall: float
    processor: float
    peak: int
    read: int
    written: int
    answer: Any


def run(command: list[str], *, environment: Mapping[str, str]) -> Run:
    """Run a command and measure it.

    Raises:
        RuntimeError: it failed; with the end of what it said.
    """
    started = time.perf_counter()
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, **environment}
    )
    watcher = _Watcher(process.pid)
    watcher.start()
    out, err = process.communicate()
    wall = time.perf_counter() - started
    watcher.ended.set()
    watcher.join()
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)}: exit code {process.returncode}\n{err[-2000:]}")
    return Run(
        wall=wall,
        processor=sum(watcher.processor.values()),
        peak=watcher.peak,
        read=sum(watcher.read.values()),
        written=sum(watcher.written.values()),
        answer=json.loads(out.splitlines()[-1]),
    )


class _Watcher(threading.Thread):
    """Looks ten times a second at a process and all that descend from it; a JVM, say, is not reaped by its parent."""

    def __init__(self, pid: int) -> None:
        super().__init__()
        self.pid = pid
        self.ended = threading.Event()
        self.peak = 0
        self.processor: dict[int, float] = {}
        self.read: dict[int, int] = {}
        self.written: dict[int, int] = {}

    def run(self) -> None:
        while not self.ended.wait(0.1):
            resident = 0
            for pid in _tree(self.pid):
                try:
                    pages = Path(f"/proc/{pid}/statm").read_text().split()[1]
                    # After the name, which ends with ")": fields 12 and 13 are user and system time (man 5 proc).
                    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
                    # Bytes that passed read and write calls, from disk or not: rchar and wchar.
                    passed = [line.split()[1] for line in Path(f"/proc/{pid}/io").read_text().splitlines()]
                except (OSError, IndexError):  # it ended meanwhile
                    continue
                resident += int(pages) * os.sysconf("SC_PAGE_SIZE")
                self.read[pid], self.written[pid] = int(passed[0]), int(passed[1])
                self.processor[pid] = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
            self.peak = max(self.peak, resident)


def _tree(pid: int) -> Iterable[int]:
    yield pid
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = task.read_text().split()
        except OSError:  # it ended meanwhile
            continue
        for child in children:
            yield from _tree(int(child))


def table(runs: Mapping[str, list[Run]], *, records: int, baseline: str) -> str:
    """Medians of each contender's runs, side by side; `x` is the ratio to the baseline's."""
    base = runs[baseline]
    lines = [f"{'':34}{'wall':>9}{'x':>7}{'processor':>12}{'x':>7}{'rows/s':>12}{'peak':>10}"]
    for name, found in runs.items():
        wall, processor = (median(getattr(one, what) for one in found) for what in ("wall", "processor"))
        base_wall, base_processor = (median(getattr(one, what) for one in base) for what in ("wall", "processor"))
        peak = max(one.peak for one in found)
        lines.append(
            f"{name:34}{wall:7.1f} s{wall / base_wall:7.2f}{processor:10.1f} s{processor / base_processor:7.2f}"
            f"{records / wall:12,.0f}{peak / 2**30:7.2f} GB"
        )
    return "\n".join(lines)


def main_of(contender: str) -> list[str]:
    """Command that runs one contender of the module that is the main one now, in a process of its own."""
    return [sys.executable, "-m", sys.modules["__main__"].__spec__.name, contender]  # type: ignore[union-attr]
