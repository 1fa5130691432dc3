"""Compare the pane machine with Apache Beam on random histories: `make test-panes`, `make test-panes HISTORIES=10000`.

docs/decisions/216-where-panes-differ-from-beam.md has what is not compared, or compared after an adjustment.
"""

import logging
import random
import sys
from collections import Counter
from datetime import timedelta
from typing import Any

from lakehouse.windows.machine import Cell, Machine, Pane
from lakehouse.windows.model import Accumulation, Function, Measure, Shape, Windows
from lakehouse.windows.placing import Window
from lakehouse.windows.state import Key
from lakehouse.windows.summary import Summary
from tests.support.beam import pipeline

log = logging.getLogger("panes")

SECOND = 10**6
WINDOWS_EACH = 8
LEAST_COMPARED = 0.5
"""Share of the comparisons of sessions that must be possible, so that the check cannot become void."""


class Watched(Machine):
    """The pane machine, which notices sessions that Beam treats differently on purpose of ours."""

    grew_late = False

    def _merged(self, key: Key, touched: set[Window]) -> set[Window]:
        before = list(self.open[key])
        changed = super()._merged(key, touched)
        for whole in changed if self._windows.shape is Shape.SESSION and self.watermark is not None else ():
            ends = [part.end for part in before if whole.start <= part.start and part.end <= whole.end]
            late = [end for end in ends if end <= self.watermark]  # type: ignore[operator]
            is_open, is_kept = whole.end > self.watermark, any(self._has_passed(end + self._lateness) for end in late)  # type: ignore[operator]
            self.grew_late |= bool(late) and (is_open or is_kept)
        return changed


def any_windows(choice: random.Random) -> Windows:
    shape, size, every = choice.choice([(Shape.FIXED, 10, 10), (Shape.SLIDING, 10, 5), (Shape.SESSION, 4, 4)])
    return Windows(
        time="time",
        shape=shape,
        size=timedelta(seconds=size),
        every=timedelta(seconds=every),
        by=("key",),
        measures=(Measure(name="values", function=Function.SUM, column="value"),),
        lateness=timedelta(seconds=choice.choice([0, 5, 12])),
        early=choice.choice([None, 1, 2, 3]),
        accumulation=choice.choice(list(Accumulation)),
    )


def any_history(choice: random.Random) -> list[tuple[str, Any]]:
    """Return events and watermarks; each event's value is a power of 2, so that a sum tells which events it has."""
    history: list[tuple[str, Any]] = []
    watermark = number = 0
    for _ in range(choice.randint(5, 12)):
        if choice.random() < 0.6:
            events = []
            for _ in range(choice.randint(1, 4)):
                events.append((choice.choice("ab"), max(0, watermark + choice.randint(-22, 15)), 2**number))
                number += 1
            history.append(("events", events))
        else:
            watermark += choice.randint(1, 12)
            history.append(("watermark", watermark))
    return history


def ours(history: list[tuple[str, Any]], windows: Windows) -> tuple[list[Any], bool]:
    """Return our panes as Beam's are written, and whether Beam treats a session of the history differently."""
    machine = Watched(windows, watermark=-(10**15))
    found: list[Any] = []
    for kind, content in [*history, ("watermark", 10**9)]:
        if kind == "watermark":
            found += _as_beam(machine.advance(content * SECOND), windows)
        else:
            cells = [Cell((key,), time * SECOND, Summary(1, (value,))) for key, time, value in content]
            found += _as_beam(machine.take(cells, newest=-(10**15))[0], windows)
    return found, machine.grew_late


def _as_beam(panes: list[Pane], windows: Windows) -> list[Any]:
    found, taken_back = [], 0
    for pane in panes:
        (value,) = pane.summary.measures
        total: Any = value or 0
        if pane.sign < 0:  # Beam has no such rows
            taken_back += total
            continue
        if windows.accumulation is Accumulation.DISCARD:
            total -= taken_back
        start, end = (time // SECOND for time in pane.window)
        found.append((pane.key[0], start, end, str(pane.timing), pane.pane_index, total))
        taken_back = 0
    return found


def _counts(counter: Counter[Any]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counter.items()))


def main(histories: int, first: int) -> int:
    compared, skipped, panes = Counter[Shape](), Counter[Shape](), Counter[str]()
    failed = 0
    for seed in range(first, first + histories):
        choice = random.Random(seed)  # noqa: S311
        history, several = any_history(choice), [any_windows(choice) for _ in range(WINDOWS_EACH)]
        try:
            beams = pipeline.panes(history, several)
        except Exception as error:  # Beam's runner fails on some histories of sessions
            failed += 1
            log.warning("seed %d: Beam failed: %s: %s", seed, type(error).__name__, error)
            continue
        for windows, expected in zip(several, beams, strict=True):
            found, differs = ours(history, windows)
            if differs:
                skipped[windows.shape] += 1
                continue
            compared[windows.shape] += 1
            panes.update(pane[3] for pane in expected)
            if Counter(found) != Counter(expected):
                log.error("seed %d: %s\n  %s", seed, windows, history)
                log.error("  Beam alone: %s", sorted((Counter(expected) - Counter(found)).elements()))
                log.error("  ours alone: %s", sorted((Counter(found) - Counter(expected)).elements()))
                return 1
    sessions = compared[Shape.SESSION]
    log.info(
        "%d comparisons %s; %d panes equal %s; %d sessions not compared; Beam failed on %d of %d histories",
        *(compared.total(), _counts(compared), panes.total(), _counts(panes), skipped.total(), failed, histories),
    )
    return int(sessions < LEAST_COMPARED * (sessions + skipped[Shape.SESSION]) or failed > histories / 5)


if __name__ == "__main__":
    logging.basicConfig(level=logging.CRITICAL, format="%(message)s")
    log.setLevel(logging.INFO)
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1))
