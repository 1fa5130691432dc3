"""Windows in contracts: what is read, and what each mistake is answered with."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from lakehouse.contracts.check import check
from lakehouse.contracts.loader import parse_contract
from lakehouse.contracts.odcs.reader import read
from lakehouse.windows.model import Accumulation, Function, Late, Measure, Shape, Windows

WINDOWS = """\
      time: at
      fixed: 5 min
      by: [page]
      measures: {views: count(*), slowest: max(ms)}
      delay: 1 min
      lateness: 2 h
      future: 30 s
      early: {events: 100}
      late: each
      accumulation: accumulate
"""
CONTRACT = """\
apiVersion: v3.1.0
kind: DataContract
id: views
version: 1.0.0
status: active
domain: web
servers: [{server: web, type: kinesis, format: jsonl}]
customProperties:
  - {property: ingest, value: append}
  - property: windows
    value:
WINDOWS
schema:
  - name: views
    properties:
      - {name: at, logicalType: timestamp, required: true}
      - {name: seen, logicalType: timestamp}
      - {name: page, logicalType: string, classification: internal}
      - {name: person, logicalType: string}
      - {name: ms, logicalType: integer, classification: public}
      - {name: share, logicalType: number}
      - {name: wide, logicalType: number, physicalType: "decimal(30,2)"}
"""


def document(windows: str = WINDOWS) -> str:
    return CONTRACT.replace("WINDOWS\n", windows)


def test_all_words_are_read() -> None:
    assert parse_contract(document(), path="web/views.odcs.yaml").windows == Windows(
        time="at",
        shape=Shape.FIXED,
        size=timedelta(minutes=5),
        every=timedelta(minutes=5),
        by=("page",),
        measures=(
            Measure(name="views", function=Function.COUNT, column=None),
            Measure(name="slowest", function=Function.MAX, column="ms"),
        ),
        delay=timedelta(minutes=1),
        lateness=timedelta(hours=2),
        future=timedelta(seconds=30),
        early=100,
        late=Late.EACH,
        accumulation=Accumulation.ACCUMULATE,
    )


def test_most_words_may_be_left_out() -> None:
    text = document("      {time: at, session: 30 min, measures: {n: count(person)}, accumulation: discard}\n")
    windows = parse_contract(text, path="web/views.odcs.yaml").windows
    assert windows is not None
    assert (windows.size, windows.by, windows.lateness, windows.early) == (timedelta(minutes=30), (), timedelta(), None)


MEASURES = "measures: {views: count(*), slowest: max(ms)}"


@pytest.mark.parametrize(
    ("old", "new", "path", "problem", "remedy"),
    [
        ("time: at", "time: seen", "time", "'seen' may be null", "set `required: true` on seen"),
        ("time: at", "time: page", "time", "'page' is a string and no event time", "logicalType timestamp"),
        ("time: at", "time: att", "time", "'att' is no column", "did you mean 'at'?"),
        ("      time: at\n", "", "", "has no `time`", "add `time`"),
        ("fixed: 5 min", "fixed: 5 parsecs", "fixed", "'parsecs' is no unit", "did you mean 'sec'?"),
        ("fixed: 5 min", "fixed: 5", "fixed", "5 is no duration", "write such as 30 s"),
        ("fixed: 5 min", "fixed: 999999 y", "fixed", "'999999 y' is out of range", "at most 366 days"),
        ("fixed: 5 min", "fixed: 0 s", "fixed", "'0 s' is out of range", "at least 0:00:01"),
        ("fixed: 5 min", "tumbling: 5 min", "tumbling", "'tumbling' is no word of windows", "use one of"),
        ("fixed: 5 min", "fixed: 5 min\n      session: 1 min", "", "has fixed and session windows", "exactly one"),
        ("fixed: 5 min", "sliding: 5 min", "sliding", "'5 min' is no sliding window", "{size: 10 min, every: 5 min}"),
        ("fixed: 5 min", "sliding: {size: 1 min, every: 2 min}", "sliding.every", "longer than the size", "no window"),
        ("fixed: 5 min", "sliding: {size: 1 d, every: 1 s}", "sliding.every", "in 86400 windows", "raise `every`"),
        ("by: [page]", "by: [pages]", "by[0]", "'pages' is no column", "did you mean 'page'?"),
        ("by: [page]", "by: [person]", "by[0]", "may identify a person", "public or internal"),
        ("by: [page]", "by: [share]", "by[0]", "is a double and no key of windows", "use a column of"),
        ("by: [page]", "by: [page, page]", "by[1]", "is there already", "keep one"),
        (MEASURES, "measures: {}", "measures", "names no measure", "{views: count(*)}"),
        (MEASURES, "measures: {n: ms}", "measures.n", "'ms' is no aggregate of a column", "count(*), count(c)"),
        (MEASURES, "measures: {n: ms + 1}", "measures.n", "'ms + 1' is no aggregate", "write count(*)"),
        (MEASURES, "measures: {n: avg(ms)}", "measures.n", "'avg' is no aggregate that panes", "divided by a count"),
        (MEASURES, "measures: {n: sum(*)}", "measures.n", "sum(*) does not exist", "sum(column)"),
        (MEASURES, "measures: {n: sum(mss)}", "measures.n", "'mss' is no column", "did you mean 'ms'?"),
        (MEASURES, "measures: {n: sum(share)}", "measures.n", "a double, is not exact", "int, long, decimal"),
        (MEASURES, "measures: {n: sum(wide)}", "measures.n", "more than 38 digits", "at most 28 digits"),
        (MEASURES, "measures: {n: min(person)}", "measures.n", "may be a person's", "public or internal"),
        (MEASURES, "measures: {sign: count(*)}", "measures.sign", "'sign' is no name of a measure", "none of"),
        (MEASURES, "measures: {page: count(*)}", "measures.page", "a column of `by` too", "rename the measure"),
        ("lateness: 2 h", "lateness: 30 s", "lateness", "lateness of 0:00:30 is below the delay", "raise `lateness`"),
        ("      lateness: 2 h\n", "", "", "lateness of 0:00:00 is below the delay", "raise `lateness`"),
        ("{events: 100}", "100", "early", "100 is no trigger", "{events: 100}"),
        ("{events: 100}", "{seconds: 9}", "early.seconds", "'seconds' is no trigger", "{events: 100}"),
        ("{events: 100}", "{events: 0}", "early.events", "0 is no number of events", "at least 1"),
        ("late: each", "late: never", "late", "'never' is unknown", "use one of each"),
        ("accumulation: accumulate", "accumulation: acumulate", "accumulation", "is unknown", "'accumulate'?"),
        (WINDOWS, "      5 min\n", "", "'5 min' is no map", "write a map"),
        ("ingest, value: append", "ingest, value: snapshot", "", "windows need events", "ingest: append"),
    ],
)
def test_a_mistake_is_a_violation(old: str, new: str, path: str, problem: str, remedy: str) -> None:
    assert document().count(old) == 1
    text = document().replace(old, new)
    found = read(text, path="web/views.odcs.yaml").violations
    at = [one for one in found if problem in one.problem and remedy in one.remedy]
    assert at, [str(one) for one in found]
    assert not path or at[0].path.endswith(f".value.{path}")
    if path:  # the line has the word that is wrong
        assert path.split(".")[-1].split("[")[0] in text.splitlines()[at[0].line - 1]


def test_a_row_filter_would_be_passed_by() -> None:
    text = document().replace("  - property: w", "  - {property: rowFilter, value: ms = 1}\n  - property: w")
    [violation] = read(text, path="f").violations
    assert violation.problem == "windows add up rows that a row filter hides"


def test_no_other_dataset_has_the_name_of_a_table_of_windows(tmp_path: Path) -> None:
    folder = tmp_path / "web"
    folder.mkdir()
    (folder / "views.odcs.yaml").write_text(document())
    plain: Any = document().replace("name: views", "name: views_panes")
    start, end = plain.index("  - property: windows"), plain.index("schema:")
    (folder / "views_panes.odcs.yaml").write_text(plain[:start] + plain[end:])
    [violation] = check(tmp_path)
    assert violation.problem == "views_panes is a table of the windows of views"
