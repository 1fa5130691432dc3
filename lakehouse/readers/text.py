"""Convert columns of text to the contract's types: whole arrays where a pattern proves it safe, else single values."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.contracts.types import Kind, Type
from lakehouse.readers.text_patterns import TextPattern, in_range, strict_casts, text_patterns
from lakehouse.readers.values import RejectedError, parse


@dataclass(frozen=True, slots=True)
class Converted:
    """A converted column.

    Attributes:
        values: in the column's type, null where rejected.
        rejected: the reason of each rejected value, by position.
    """

    values: pa.Array
    rejected: dict[int, str] = field(default_factory=dict)


def convert(texts: pa.Array, type_: Type, *, time_format: str | None = None) -> Converted:
    """Convert texts to a type; `values.parse` defines what is accepted.

    Args:
        texts: strings that the source sent; null where it sent nothing.
        type_: type of the column.
        time_format: Java format of dates and times; None is ISO 8601.
    """
    if type_.kind is Kind.STRING and time_format is None:
        return Converted(texts)
    if time_format is None:
        for cast in strict_casts(type_):
            try:
                return Converted(in_range(cast(texts)))
            except pa.ArrowInvalid:  # not all texts match
                pass
    return _convert(texts, type_, time_format, patterns=text_patterns(type_, time_format))


def _convert(texts: pa.Array, type_: Type, time_format: str | None, *, patterns: Sequence[TextPattern]) -> Converted:
    """Convert the texts that match the first pattern as one array, and the others by the patterns after it."""
    if not patterns:
        return _one_by_one(texts, type_, time_format)
    pattern = patterns[0]
    matches = pattern.matches(texts)
    if pc.all(matches).as_py() is not False:  # ignores nulls; None if all are null
        return Converted(pattern.cast(texts))
    others = pc.fill_null(pc.invert(matches), False)
    converted = _convert(texts.filter(others), type_, time_format, patterns=patterns[1:])
    values = pattern.cast(pc.if_else(matches, texts, None))
    positions = np.flatnonzero(others.to_numpy(zero_copy_only=False)).tolist()
    return Converted(
        pc.replace_with_mask(values, others, converted.values),
        {positions[position]: reason for position, reason in converted.rejected.items()},
    )


def _one_by_one(texts: pa.Array, type_: Type, time_format: str | None) -> Converted:
    """Parse each distinct text."""
    distinct = texts.dictionary_encode()
    values: list[object] = []
    reasons: dict[int, str] = {}
    for number, text in enumerate(distinct.dictionary.to_pylist()):
        try:
            values.append(parse(text, type_, time_format=time_format))
        except RejectedError as error:
            values.append(None)
            reasons[number] = str(error)
    converted = pa.array(values, type=type_.arrow).take(distinct.indices)
    if not reasons:
        return Converted(converted)
    numbers = distinct.indices.to_pylist()
    return Converted(converted, {i: reasons[number] for i, number in enumerate(numbers) if number in reasons})
