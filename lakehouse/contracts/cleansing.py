"""Steps that cleanse the text of a value before its type reads it (custom property `cleanse` of a column)."""

from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class Trim:
    """Remove white space at both ends."""

    rule: ClassVar = "trim"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Write all letters in upper or lower case."""

    rule: ClassVar = "case"
    upper: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Nulls:
    """Read some words as null."""

    rule: ClassVar = "nulls"
    words: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """Read a number with other signs than `1234.5`, and multiply it by the factor of its unit.

    Attributes:
        decimal: character before the fraction.
        thousands: character between groups of three digits; "" for none.
        units: factor of each unit; empty if numbers have no unit.
    """

    rule: ClassVar = "number"
    decimal: str = "."
    thousands: str = ""
    units: tuple[tuple[str, Decimal], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Dates:
    """Read a date or time in the first of some formats that fits."""

    rule: ClassVar = "dates"
    formats: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Booleans:
    """Read some words as true or false, in addition to those of the type."""

    rule: ClassVar = "booleans"
    true: frozenset[str]
    false: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Map:
    """Replace whole values; other values stay."""

    rule: ClassVar = "map"
    values: tuple[tuple[str, str | None], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Replace:
    """Replace each match of an RE2 regular expression; the replacement may have groups such as `\\1`."""

    rule: ClassVar = "replace"
    pattern: str
    replacement: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """Divide a text into the elements of a list, or take one part of it.

    Attributes:
        by: text between the parts.
        part: number of the part from 1, or from the end with a negative number; None for the elements of a list.
        trim: whether white space around each part is removed.
    """

    rule: ClassVar = "split"
    by: str
    part: int | None = None
    trim: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Default:
    """Replace null by a value, written as a source may write it."""

    rule: ClassVar = "default"
    text: str


Step = Trim | Case | Nulls | Number | Dates | Booleans | Map | Replace | Split | Default
RULES: tuple[str, ...] = tuple(
    step.rule for step in (Trim, Case, Nulls, Number, Dates, Booleans, Map, Replace, Split, Default)
)
