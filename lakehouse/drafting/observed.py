"""What all values of a column have in common, seen value by value: the types that no value contradicted yet.

A type is only kept if it holds every value unchanged. A text with leading zeros is therefore no number, and a text of
blanks no empty value.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.contracts.types import DATE, TIMESTAMP
from lakehouse.readers import time_formats
from lakehouse.readers.text import convert

KEPT = 500
"""Values of a column that are kept for its classification."""

SAMPLE = 1000
"""Values after which the end of a type is worth a comment: a sample would have given that type."""

_PLAIN = r"^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?$"
_ANY = r"^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,3})?$"
_SHORT = r"^-?[0-9.]{1,16}$"
_PARTS = r"^-?(?P<whole>[0-9]+)(?:\.(?P<fraction>[0-9]*?)0*)?$"

DATE_FORMATS = ("dd/MM/yyyy", "MM/dd/yyyy", "dd.MM.yyyy", "dd-MM-yyyy", "MM-dd-yyyy", "yyyy/MM/dd", "d/M/yyyy",
                "M/d/yyyy", "d.M.yyyy", "dd-MMM-yyyy", "dd MMM yyyy")  # fmt: skip
_TIMES = ("HH:mm", "HH:mm:ss", "H:mm")
TIMESTAMP_FORMATS = tuple(f"{day} {time}" for day in DATE_FORMATS for time in _TIMES)


class Place(NamedTuple):
    """Where a value stands: the file, and its line or the number of its record."""

    file: str
    row: int
    kind: str = ""

    def __str__(self) -> str:
        return f"{self.file}:{self.row}" + (f" has {self.kind}" if self.kind else "")


Mask = Callable[[pa.Array], pa.Array]


def _no_match(pattern: str) -> Mask:
    return lambda texts: pc.invert(pc.match_substring_regex(texts, pattern))


def _no_date(texts: pa.Array) -> pa.Array:
    return pc.or_(_no_match("^[0-9]{4}-[0-9]{2}-[0-9]{2}$")(texts), _unread(texts, DATE, None))


def _unread(texts: pa.Array, type_: object, time_format: str | None) -> pa.Array:
    mask = np.zeros(len(texts), dtype=np.bool_)
    if not _may_be_time(texts[0].as_py(), time_format):
        mask[0] = True
        return pa.array(mask)
    mask[list(convert(texts, type_, time_format=time_format).rejected)] = True  # type: ignore[arg-type]
    return pc.or_(pa.array(mask), pc.equal(pc.utf8_length(pc.utf8_trim_whitespace(texts)), 0))


def _may_be_time(text: str, time_format: str | None) -> bool:
    """Return whether a text may have a format; most columns are no times, and their first value tells that at once."""
    if time_format is None:
        return text.strip()[:4].isdigit()
    try:
        time_formats.read(text.strip(), time_format)
    except ValueError:
        return False
    return True


def _no_double(texts: pa.Array) -> pa.Array:
    """Return the mask of texts that an eight-byte number does not hold exactly."""
    wrong = _no_match(_ANY)(texts)
    long = pc.and_(pc.invert(wrong), _no_match(_SHORT)(texts))
    if not pc.any(long).as_py():
        return wrong
    lost = pa.array([bool(check) and _is_lost(text) for text, check in zip(texts.to_pylist(), long.to_pylist(),
                                                                         strict=True)])  # fmt: skip
    return pc.or_(wrong, lost)


def _is_lost(text: str) -> bool:
    value = float(text)
    return not math.isfinite(value) or Decimal(repr(value)) != Decimal(text)


_TESTS: dict[str, Mask] = {
    "boolean": _no_match("^(?i:true|false)$"),
    "decimal": _no_match(_PLAIN),
    "double": _no_double,
    "date": _no_date,
    "timestamp": lambda texts: _unread(texts, TIMESTAMP, None),
    "time": _no_match(r"^(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,6})?$"),
    "uuid": _no_match("^[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"),
    **{f"date {f}": lambda texts, f=f: _unread(texts, DATE, f) for f in DATE_FORMATS},  # type: ignore[misc]
    **{f"timestamp {f}": lambda texts, f=f: _unread(texts, TIMESTAMP, f) for f in TIMESTAMP_FORMATS},  # type: ignore[misc]
}
NUMERIC = ("decimal", "double")


@dataclass(slots=True)
class Observed:
    """What was seen of a column.

    Attributes:
        values: number of values that are not null.
        nulls: where the first null or missing value stands; None if there is none.
        kinds: kinds of values that the format itself tells (`text`, `number`, `boolean`, `object`, `array`), with the
            first place of each.
        arrow: the Arrow types of files that have types, with the first place of each.
        arrow_is_text: whether the file says that its texts are texts (Parquet, Avro).
        alive: types that hold every text or number so far.
        ended: where each type ended that the first `SAMPLE` values have, and after how many values.
        whole, scale: digits before and after the point, of decimals.
        sample: some values, as text.
    """

    values: int = 0
    nulls: Place | None = None
    kinds: dict[str, Place] = field(default_factory=dict)
    arrow: dict[pa.DataType, Place] = field(default_factory=dict)
    arrow_is_text: bool = False
    alive: dict[str, Mask] = field(default_factory=lambda: dict(_TESTS))
    ended: dict[str, tuple[Place, int]] = field(default_factory=dict)
    whole: int = 1
    scale: int = 0
    sample: list[str] = field(default_factory=list)

    def missing(self, place: Place) -> None:
        """Note that a record has no value."""
        self.nulls = self.nulls or place

    def see(self, texts: pa.Array, rows: pa.Array, *, file: str, kind: str = "text") -> None:
        """Note values of one kind, without nulls.

        Args:
            texts: the values as text.
            rows: line or record number of each.
            file: name of the file.
            kind: `text` for texts that may be of any type, else one of `kinds`.
        """
        if not len(texts):
            return
        self.kinds.setdefault(kind, Place(file, rows[0].as_py()))
        if len(self.sample) < KEPT:
            self.sample += texts.slice(0, KEPT - len(self.sample)).to_pylist()
        for name, test in list(self.alive.items()):
            # Most types end at once, before the costly test of a whole block.
            wrong = pc.index(test(texts.slice(0, 100)), True).as_py()
            if wrong < 0 and len(texts) > 100:
                wrong = pc.index(test(texts), True).as_py()
            if wrong >= 0:
                if self.values + wrong >= SAMPLE:
                    place = Place(file, rows[wrong].as_py(), kind_of(texts[wrong].as_py()))
                    self.ended[name] = place, self.values + wrong
                del self.alive[name]
        if "decimal" in self.alive:
            digits = pc.extract_regex(texts, _PARTS)
            self.whole = max(self.whole, pc.max(pc.utf8_length(pc.struct_field(digits, "whole"))).as_py())
            self.scale = max(self.scale, pc.max(pc.utf8_length(pc.struct_field(digits, "fraction"))).as_py() or 0)
        self.values += len(texts)


def kind_of(text: str) -> str:
    """Return what a text is, for a comment; the value itself may be confidential."""
    array = pa.array([text], pa.string())
    if not text.strip():
        return "blanks"
    for name in ("boolean", "decimal", "date", "timestamp", "time", "uuid"):
        if not _TESTS[name](array)[0].as_py():
            return {"decimal": "a number", "uuid": "a UUID"}.get(name, f"a {name}")
    if text.strip().lstrip("+-").isdigit():
        return "digits with leading zeros, a sign or blanks"
    return f"a text of {len(text)} characters"
