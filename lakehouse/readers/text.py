"""Convert columns of text to the contract's types: whole arrays where a form proves that safe, else value by value."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.contracts.types import Kind, Type
from lakehouse.readers.text_patterns import Form, forms, in_range, whole_casts
from lakehouse.readers.values import RejectedError, parse


@dataclass(frozen=True, slots=True)
class Converted:
    """Values in a column's type, null where rejected, and the reasons by position."""

    values: pa.Array
    rejected: dict[int, str] = field(default_factory=dict)


def convert(texts: pa.Array, type_: Type, *, time_format: str | None = None) -> Converted:
    """Convert texts to a type; `values.parse` says what is accepted.

    Args:
        texts: strings that the source sent; null where it sent nothing.
        type_: the column's type.
        time_format: strptime format of dates and timestamps; None is ISO 8601.
    """
    if type_.kind is Kind.STRING:
        return Converted(texts)
    if time_format is None:
        for cast in whole_casts(type_):
            try:
                return Converted(in_range(cast(texts)))
            except pa.ArrowInvalid:  # not all texts have the form
                pass
    return _convert(texts, type_, time_format, forms(type_, time_format))


def _convert(texts: pa.Array, type_: Type, time_format: str | None, forms_left: Sequence[Form]) -> Converted:
    if not forms_left:
        return _one_by_one(texts, type_, time_format)
    form = forms_left[0]
    proven = form.proves(texts)
    if pc.all(proven).as_py() is not False:  # nulls aside; None when there is nothing but nulls
        return Converted(form.cast(texts))
    others = pc.fill_null(pc.invert(proven), False)
    converted = _convert(texts.filter(others), type_, time_format, forms_left[1:])
    values = form.cast(pc.if_else(proven, texts, None))
    positions = np.flatnonzero(others.to_numpy(zero_copy_only=False)).tolist()
    return Converted(
        pc.replace_with_mask(values, others, converted.values),
        {positions[position]: reason for position, reason in converted.rejected.items()},
    )


def _one_by_one(texts: pa.Array, type_: Type, time_format: str | None) -> Converted:
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
