"""Panes of Apache Beam, by its runner for Python, for a history of events and watermarks."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions, StandardOptions, TypeOptions
from apache_beam.runners.direct.direct_runner import BundleBasedDirectRunner
from apache_beam.testing.test_stream import TestStream
from apache_beam.transforms import trigger, window
from apache_beam.utils.windowed_value import PaneInfoTiming

from lakehouse.windows.model import Accumulation, Shape, Windows
from lakehouse.windows.placing import MICROSECOND

SEEN: dict[int, list[Any]] = defaultdict(list)
"""Panes by the number of their branch; the runner works in this process."""


class Capture(beam.DoFn):  # type: ignore[misc]
    """Keep each pane as (key, start, end, timing, index, sum of the events' values)."""

    def __init__(self, branch: int) -> None:
        self._branch = branch

    def process(
        self, element: Any, at: Any = beam.DoFn.WindowParam, pane: Any = beam.DoFn.PaneInfoParam
    ) -> Iterable[Any]:
        key, values = element
        timing = PaneInfoTiming.to_string(pane.timing)
        SEEN[self._branch].append((key, int(at.start), int(at.end), timing, pane.index, sum(values)))
        return []


def panes(history: Sequence[tuple[str, Any]], several: Sequence[Windows]) -> list[list[Any]]:
    """Return the panes of each of several windows.

    Args:
        history: ("events", [(key, time, value)]) or ("watermark", time), in seconds.
        several: the windows; without `by`, they are by the key.
    """
    stream = TestStream()
    for kind, content in history:
        if kind == "watermark":
            stream = stream.advance_watermark_to(content)
        else:
            elements = [window.TimestampedValue((key, value), time) for key, time, value in content]
            stream = stream.add_elements(elements)
    options = PipelineOptions([])
    options.view_as(StandardOptions).streaming = True
    options.view_as(TypeOptions).allow_unsafe_triggers = True
    SEEN.clear()
    with beam.Pipeline(runner=BundleBasedDirectRunner(), options=options) as pipeline:
        source = pipeline | stream.advance_watermark_to_infinity()
        for branch, windows in enumerate(several):
            early = trigger.AfterCount(windows.early) if windows.early else None
            _ = (
                source
                | f"windows {branch}"
                >> beam.WindowInto(
                    _placing(windows),
                    trigger=trigger.AfterWatermark(early=early, late=trigger.AfterCount(1)),
                    accumulation_mode=trigger.AccumulationMode.DISCARDING
                    if windows.accumulation is Accumulation.DISCARD
                    else trigger.AccumulationMode.ACCUMULATING,
                    allowed_lateness=windows.lateness // MICROSECOND // 10**6,
                )
                | f"group {branch}" >> beam.GroupByKey()
                | f"capture {branch}" >> beam.ParDo(Capture(branch))
            )
    return [list(SEEN[branch]) for branch in range(len(several))]


def _placing(windows: Windows) -> Any:
    size, every = (span // MICROSECOND // 10**6 for span in (windows.size, windows.every))
    match windows.shape:
        case Shape.FIXED:
            return window.FixedWindows(size)
        case Shape.SLIDING:
            return window.SlidingWindows(size, every)
    return window.Sessions(size)
