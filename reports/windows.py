"""`make docs`: draw windows, watermark and panes, from a run of the pane machine on five batches."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from lakehouse.windows.machine import Cell, Machine, Pane
from lakehouse.windows.model import Accumulation, Function, Measure, Shape, Windows
from lakehouse.windows.placing import Window
from lakehouse.windows.summary import Summary
from reports import svg

FILE = Path(__file__).parents[1] / "docs" / "windows.svg"
WINDOWS = Windows(
    time="viewed_at",
    shape=Shape.FIXED,
    size=timedelta(minutes=5),
    every=timedelta(minutes=5),
    measures=(Measure(name="views", function=Function.COUNT, column=None),),
    lateness=timedelta(minutes=10),
    early=3,
    accumulation=Accumulation.RETRACT,
)
BATCHES = ((1.0, 2.0, 3.5), (4.0, 6.5), (4.5, 8.0), (12.0, 17.5), (2.5, 16.0))
"""Event times of five batches, in minutes."""

MINUTE = 60 * 10**6
LEFT, RIGHT, TOP, ROW = 110, 24, 84, 84
MINUTE_WIDTH, MINUTES = 46, 20
WIDTH = LEFT + MINUTES * MINUTE_WIDTH + RIGHT


def draw() -> str:
    """Return the picture as SVG: event time from left to right, batches in the order in which they come downwards."""
    height = TOP + len(BATCHES) * ROW + 40
    parts = [svg.text("Five-minute windows: event time to the right, batches downwards", x=LEFT, y=28, kind="title")]
    for minute in range(0, MINUTES, 5):
        parts += _column(minute, height=height)
    machine = Machine(WINDOWS)
    path: list[tuple[int, int]] = []
    for number, times in enumerate(BATCHES):
        top, judged_by = TOP + number * ROW, machine.watermark
        cells = [Cell((), int(time * MINUTE), Summary(1, (1,))) for time in times]
        panes, too_late = machine.take(cells, newest=max(cell.time for cell in cells))
        parts += _batch(number + 1, cells, top=top, late={late.cell.time for late in too_late})
        parts += _panes(panes, top=top)
        parts += [_missed(late.window, top=top) for late in too_late]
        if judged_by is not None:
            path += [(_x(judged_by), top), (_x(judged_by), top + ROW)]
    assert machine.watermark is not None  # there are events
    path += [(_x(machine.watermark), TOP + len(BATCHES) * ROW), (_x(machine.watermark), height - 30)]
    parts += [svg.arrow(path), svg.text("watermark", x=path[-1][0] - 70, y=height - 14, kind="label")]
    return svg.document(parts, width=WIDTH, height=height, title="Windows, watermark and panes")


def _column(minute: int, *, height: int) -> list[str]:
    x, title = _x(minute * MINUTE), f"10:{minute:02} to 10:{minute + 5:02}"
    width = 5 * MINUTE_WIDTH - 6
    return [svg.box([title], x=x + 3, y=TOP - 40, width=width, height=height - TOP + 8)]


def _batch(number: int, cells: Sequence[Cell], *, top: int, late: set[int]) -> list[str]:
    parts = [svg.text(f"batch {number}", x=24, y=top + 22, kind="title")]
    for cell in cells:
        kind = "panel" if cell.time in late else "head"
        parts.append(f'<circle class="{kind}" cx="{_x(cell.time)}" cy="{top + 18}" r="6"/>')
    return parts


def _panes(panes: Sequence[Pane], *, top: int) -> list[str]:
    lines: dict[Window, int] = {}
    parts = []
    for pane in panes:
        line = lines[pane.window] = lines.get(pane.window, 0) + 1
        views = f"{pane.summary.events} view{'s' if pane.summary.events > 1 else ''}"
        content = f"{pane.timing}: {views}" if pane.sign > 0 else f"taken back: {views}"
        parts.append(svg.text(content, x=_x(pane.window.start) + 12, y=top + 26 + 18 * line, kind="small"))
    return parts


def _missed(window: Window, *, top: int) -> str:
    return svg.text("too late: kept, in no pane", x=_x(window.start) + 12, y=top + 44, kind="label")


def _x(time: int) -> int:
    return LEFT + round(time / MINUTE * MINUTE_WIDTH)


if __name__ == "__main__":
    FILE.write_text(draw())
