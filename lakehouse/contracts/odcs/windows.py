"""Read the custom property `windows`: results of an event dataset by windows of event time."""

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from lakehouse.contracts.model import Column, Deduplicate, Ingest
from lakehouse.contracts.odcs.custom import Setting, choice, texts
from lakehouse.contracts.odcs.service_levels import UNITS
from lakehouse.contracts.odcs.terms import Terms
from lakehouse.contracts.odcs.window_measures import is_impersonal, measures
from lakehouse.contracts.types import Kind
from lakehouse.contracts.violations import Violations, one_of
from lakehouse.windows.model import Accumulation, Late, Shape, Windows

REQUIRED = ("time", "measures", "accumulation")
DURATIONS = ("delay", "lateness", "future")
WORDS = (*REQUIRED, *Shape, "by", *DURATIONS, "early", "late")
LONGEST = timedelta(days=366)
MOST_WINDOWS = 100
"""Sliding windows of one event; each of them is a row of the state."""

OWN_COLUMNS = ("window_start", "window_end", "pane_index", "timing", "sign", "events", "watermark", "event_time")
_DURATION = re.compile(r"(\d{1,6})\s*([a-z]+)")
_UNITS = {**dict.fromkeys(("s", "sec", "second", "seconds"), timedelta(seconds=1)), **UNITS}
_BY = (Kind.STRING, Kind.INT, Kind.LONG, Kind.BOOLEAN, Kind.DATE)


def windows(
    setting: Setting | None, columns: Sequence[Column], *, terms: Terms, row_filter: str, violations: Violations
) -> Windows | None:
    """Read the windows of a dataset; None if it has none, or after a violation.

    Args:
        setting: the custom property.
        columns: the dataset's columns.
        terms: how its records make its state.
        row_filter: its row filter; "" for none.
        violations: collects the violations.
    """
    if setting is None:
        return None
    before = len(violations.found)
    if terms.ingest is not Ingest.APPEND or terms.deduplicate is Deduplicate.KEY:
        remedy = "use them with `ingest: append`, without `deduplicate: key`"
        violations.add(setting.path, "windows need events, which never change", remedy=remedy)
    if row_filter:
        remedy = "remove `windows` or `rowFilter`"
        violations.add(setting.path, "windows add up rows that a row filter hides", remedy=remedy)
    given = _given(setting, violations=violations)
    if given is None:
        return None
    by_name = {column.name: column for column in columns}
    shape, size, every = _shape(given, setting, violations=violations)
    delay, lateness, future = (
        _duration(given[name], violations=violations) if name in given else timedelta() for name in DURATIONS
    )
    if lateness < delay:
        violations.add(
            given.get("lateness", setting).path,
            f"lateness of {lateness} is below the delay of {delay}",
            remedy="let events count for at least as long as the watermark waits for them: raise `lateness`",
        )
    read = Windows(
        time=_time(given["time"], by_name, violations=violations),
        shape=shape,
        size=size,
        every=every,
        by=_by(given.get("by"), by_name, violations=violations),
        measures=measures(given["measures"], by_name, reserved=OWN_COLUMNS, violations=violations),
        delay=delay,
        lateness=lateness,
        future=future,
        early=_early(given["early"], violations=violations) if "early" in given else None,
        late=(choice(given["late"], Late, violations=violations) if "late" in given else None) or Late.EACH,
        accumulation=choice(given["accumulation"], Accumulation, violations=violations) or Accumulation.DISCARD,
    )
    for measure in read.measures:
        if measure.name in read.by:
            path = (*given["measures"].path, measure.name)
            violations.add(path, f"{measure.name!r} is a column of `by` too", remedy="rename the measure")
    return read if len(violations.found) == before else None


def _given(setting: Setting, *, violations: Violations) -> dict[str, Setting] | None:
    """Return the words of the map, or None if required ones are missing."""
    if not isinstance(setting.value, dict):
        remedy = f"write a map with {', '.join(REQUIRED)} and one of {', '.join(Shape)}"
        violations.add(setting.path, f"{setting.value!r} is no map", remedy=remedy)
        return None
    given = {str(name): Setting(value, (*setting.path, name)) for name, value in setting.value.items()}
    for name, unknown in given.items():
        if name not in WORDS:
            violations.add(unknown.path, f"{name!r} is no word of windows", remedy=one_of(name, WORDS))
    missing = [name for name in REQUIRED if name not in given]
    for name in missing:
        violations.add(setting.path, f"has no `{name}`", remedy=f"add `{name}`")
    return None if missing else given


def _shape(
    given: Mapping[str, Setting], setting: Setting, *, violations: Violations
) -> tuple[Shape, timedelta, timedelta]:
    named = [shape for shape in Shape if shape in given]
    if len(named) != 1:
        remedy = f"write exactly one of {', '.join(Shape)}"
        violations.add(setting.path, f"has {' and '.join(named) or 'no'} windows", remedy=remedy)
        return Shape.FIXED, timedelta(), timedelta()
    [shape] = named
    if shape is not Shape.SLIDING:
        size = _duration(given[shape], least=timedelta(seconds=1), violations=violations)
        return shape, size, size
    value, path = given[shape]
    if not isinstance(value, dict) or value.keys() != {"size", "every"}:
        violations.add(path, f"{value!r} is no sliding window", remedy="write {size: 10 min, every: 5 min}")
        return shape, timedelta(), timedelta()
    size, every = (
        _duration(Setting(value[name], (*path, name)), least=timedelta(seconds=1), violations=violations)
        for name in ("size", "every")
    )
    if every > size:
        violations.add((*path, "every"), f"{every} is longer than the size", remedy="events would be in no window")
    elif every and size / every > MOST_WINDOWS:
        remedy = f"raise `every`: an event may be in at most {MOST_WINDOWS} windows"
        violations.add((*path, "every"), f"an event is in {size // every} windows", remedy=remedy)
    return shape, size, every


def _duration(setting: Setting, *, least: timedelta = timedelta(), violations: Violations) -> timedelta:
    match = _DURATION.fullmatch(setting.value.strip()) if isinstance(setting.value, str) else None
    if match is None:
        violations.add(setting.path, f"{setting.value!r} is no duration", remedy="write such as 30 s, 5 min, 1 h, 2 d")
        return least
    if match[2] not in _UNITS:
        violations.add(setting.path, f"{match[2]!r} is no unit", remedy=one_of(match[2], _UNITS))
        return least
    if not least <= (duration := int(match[1]) * _UNITS[match[2]]) <= LONGEST:
        remedy = f"use at least {least} and at most {LONGEST.days} days"
        violations.add(setting.path, f"{setting.value!r} is out of range", remedy=remedy)
        return least
    return duration


def _time(setting: Setting, columns: Mapping[str, Column], *, violations: Violations) -> str:
    name = setting.value
    if not isinstance(name, str) or name not in columns:
        violations.add(setting.path, f"{name!r} is no column", remedy=one_of(name, columns))
        return ""
    if columns[name].type.kind is not Kind.TIMESTAMP:
        remedy = "name a column with logicalType timestamp"
        violations.add(setting.path, f"{name!r} is a {columns[name].type} and no event time", remedy=remedy)
    elif not columns[name].required:
        remedy = f"set `required: true` on {name}"
        violations.add(setting.path, f"{name!r} may be null, and null is in no window", remedy=remedy)
    return name


def _by(setting: Setting | None, columns: Mapping[str, Column], *, violations: Violations) -> tuple[str, ...]:
    names = texts(setting, violations=violations)
    for index, (name, path) in enumerate(names):
        if name not in columns:
            violations.add(path, f"{name!r} is no column", remedy=one_of(name, columns))
        elif columns[name].type.kind not in _BY:
            remedy = f"use a column of {', '.join(_BY)}"
            violations.add(path, f"{name!r} is a {columns[name].type} and no key of windows", remedy=remedy)
        elif not is_impersonal(columns[name]):
            remedy = "classify it as public or internal: panes outlast the erasure of a person"
            violations.add(path, f"{name!r} may identify a person", remedy=remedy)
        elif name in OWN_COLUMNS:
            violations.add(path, f"{name!r} is a column of every pane", remedy="rename the column")
        elif name in [earlier for earlier, _ in names[:index]]:
            violations.add(path, f"{name!r} is there already", remedy="keep one")
    return tuple(name for name, _ in names)


def _early(setting: Setting, *, violations: Violations) -> int | None:
    remedy = "write {events: 100}: at least 1 new event"
    if not isinstance(setting.value, dict):
        violations.add(setting.path, f"{setting.value!r} is no trigger", remedy=remedy)
        return None
    for name in setting.value:
        if name != "events":
            violations.add((*setting.path, name), f"{name!r} is no trigger", remedy=remedy)
    events: Any = setting.value.get("events")
    if type(events) is not int or events < 1:
        violations.add((*setting.path, "events"), f"{events!r} is no number of events", remedy=remedy)
        return None
    return events
