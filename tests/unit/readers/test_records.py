"""Records of a text are those of Python's csv reader, for any text and any size of blocks."""

import csv
import io
from collections.abc import Iterator
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakehouse.readers import boundaries, records
from lakehouse.readers.chunk import KEPT_OF_TOO_LONG
from tests.support.examples import examples

ALPHABET = 'a,"\n\r é'
TEXTS = st.text(alphabet=ALPHABET, max_size=60)


class Record(NamedTuple):
    line: int
    text: str
    broken: bool


def split(text: bytes, *, delimiter: str = ",", quote: str = '"') -> list[Record]:
    result = []
    for block in records.split(io.BytesIO(text), delimiter=delimiter, quote=quote):
        result += [Record(int(line), block.text(i), False) for i, line in enumerate(block.lines)]
        result += [Record(record.row, record.text or "", True) for record in block.broken]
    return sorted(result)


def by_python(text: str) -> Iterator[Record]:
    """The oracle: Python's csv reader in its strict mode, which starts again on the next line after each error."""
    lines = list(io.StringIO(text, newline=""))
    at = 0
    while at < len(lines):
        reader = csv.reader(iter(lines[at:]), strict=True)
        try:
            empty = not next(reader)
        except csv.Error:
            yield Record(at + 1, lines[at].rstrip("\r\n"), True)
            at += 1
            continue
        if not empty:
            yield Record(at + 1, "".join(lines[at : at + reader.line_num]).rstrip("\r\n"), False)
        at += reader.line_num


@settings(max_examples=examples(1000))
@given(TEXTS, st.integers(1, 12))
def test_records_are_those_of_pythons_csv_reader(text: str, block: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(records, "BLOCK", block)
        assert split(text.encode()) == list(by_python(text))


@settings(max_examples=examples(500))
@given(TEXTS)
def test_a_block_proven_regular_has_the_records_that_a_scan_finds(text: str) -> None:
    data = text.encode()
    for end in (True, False):
        lines = boundaries.line_ends(data, end=end)
        regular = boundaries._regular(data, lines, delimiter=",", quote='"', end=end)
        if regular is None:
            continue
        scanned = boundaries._scan(data, lines, delimiter=",", quote='"', end=end)
        assert not scanned.malformed
        assert regular.starts.tolist() == scanned.starts.tolist()
        assert regular.ends.tolist() == scanned.ends.tolist()
        assert regular.lines.tolist() == scanned.lines.tolist()


@settings(max_examples=examples(500))
@given(TEXTS, st.integers(1, 12), st.integers(1, 12), st.sampled_from(['"', ""]))
def test_long_records_are_the_same_for_all_block_sizes(text: str, block: int, other: int, quote: str) -> None:
    def with_block(size: int) -> list[Record]:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(records, "BLOCK", size)
            for module in (boundaries, records):
                patch.setattr(module, "MAX_RECORD", 5)
            patch.setattr(records, "KEPT_OF_TOO_LONG", 3)
            return split(text.encode(), quote=quote)

    assert with_block(block) == with_block(other) == with_block(1000)


def test_lines_are_counted_as_an_editor_counts_them() -> None:
    text = b'a,b\n\n"one\ntwo",c\r\nd,"x\r\ny"\re,f'
    assert [record.line for record in split(text)] == [1, 3, 5, 7]


def test_a_stray_quote_costs_its_line_only() -> None:
    text = b'1,a\n2,"5" nail"\n3,c\n"4,d\n5,e\n'
    assert [(record.text, record.broken) for record in split(text)] == [
        ("1,a", False),
        ('2,"5" nail"', True),
        ("3,c", False),
        ('"4,d', True),
        ("5,e", False),
    ]


def test_a_line_longer_than_16_mib_is_rejected_and_the_next_is_read() -> None:
    result = split(b"a\n" + b"x" * (17 * 2**20) + b"\nb\n")
    assert [(record.line, record.broken) for record in result] == [(1, False), (2, True), (3, False)]
    assert len(result[1].text) == KEPT_OF_TOO_LONG


def test_invalid_utf8_is_rejected_where_it_is() -> None:
    block = next(records.split(io.BytesIO(b"a,b\nna\xefve,c\nd,\xc3\xa9\n"), delimiter=",", quote='"'))
    assert [block.text(i) for i in range(len(block.lines))] == ["a,b", "d,é"]
    assert block.broken[0].reason == "invalid UTF-8 at byte 3"
    assert block.broken[0].text == "na\\xefve,c"
