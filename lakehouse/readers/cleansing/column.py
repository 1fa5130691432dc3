"""Cleanse one column of a chunk: the distinct texts once, step by step, and only the values that a step changed."""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import NamedTuple

import pyarrow as pa

from lakehouse.contracts.cleansing import Default, Replace, Step
from lakehouse.contracts.model import Column
from lakehouse.readers.arrow_leaves import plain, unknown_extension
from lakehouse.readers.arrow_types import as_text
from lakehouse.readers.cleansing import steps
from lakehouse.readers.text import Converted, convert
from lakehouse.readers.values import RejectedError, show


class _Value(NamedTuple):
    """A value as the source sent it; `text` is None for null."""

    text: str | None
    is_text: bool


@dataclass(slots=True)
class _State:
    """What the steps made of a value so far.

    Attributes:
        text: its text now; None for null.
        rules: the steps that changed it.
        reason: why a step rejected it; None if none did.
    """

    text: str | None
    rules: list[str] = field(default_factory=list)
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Cleansed:
    """The values of a column that steps changed or rejected.

    Attributes:
        converted: the whole column, read by its type.
        originals: text that the source sent, by position; None for null.
        rules: names of the steps that changed a value, by position.
    """

    converted: Converted
    originals: dict[int, str | None] = field(default_factory=dict)
    rules: dict[int, list[str]] = field(default_factory=dict)


def cleansed(
    converted: Converted, sent: pa.Array, column: Column, *, typed: Collection[int], kept: Collection[int]
) -> Cleansed:
    """Return a column with the values that its steps change.

    Args:
        converted: the column as its type reads it without cleansing.
        sent: values of the source.
        column: has the steps.
        typed: positions of values that are no text but stand in a column of text, such as numbers of JSON.
        kept: positions of values that stay, because they have no text.
    """
    values = _values(sent, typed=set(typed), kept=set(kept))
    states = {value: _State(value.text) for value in {*values} - {None} if value is not None}
    for step in column.cleansing:
        _apply(step, states, column)
    positions = [i for i, value in enumerate(values) if value and (states[value].rules or states[value].reason)]
    if not positions:
        return Cleansed(converted)
    found = {i: states[value] for i in positions if (value := values[i]) is not None}
    originals = {i: value.text for i in positions if (value := values[i]) is not None}
    texts = pa.array([None if state.reason else state.text for state in found.values()], type=pa.string())
    changed = convert(texts, column.type, time_format=column.options.time_format)
    index = list(range(len(sent)))
    for number, position in enumerate(positions):
        index[position] = len(sent) + number
    reasons = {i: reason for i, reason in converted.rejected.items() if i not in found}
    for number, (position, state) in enumerate(found.items()):
        reason = state.reason or changed.rejected.get(number)
        if reason is not None:
            original, text = originals[position], state.text
            reasons[position] = reason if original == text else f"{reason}; sent as {show(original or '')}"
    taken = pa.concat_arrays([converted.values, changed.values]).take(pa.array(index))
    rules = {i: state.rules for i, state in found.items() if state.rules}
    return Cleansed(Converted(taken, reasons), originals, rules)


def _values(sent: pa.Array, *, typed: set[int], kept: set[int]) -> list[_Value | None]:
    """Return each value as text; None for a value that stays as it is."""
    if unknown_extension(sent.type):
        return [None] * len(sent)
    array = plain(sent)
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    if pa.types.is_nested(array.type):
        return [None] * len(sent)
    if pa.types.is_binary(array.type) or pa.types.is_large_binary(array.type) or pa.types.is_binary_view(array.type):
        return [_of_bytes(value) for value in array.to_pylist()]
    is_text = any(test(array.type) for test in (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view))
    return [
        None if i in kept else _Value(text, is_text and i not in typed)
        for i, text in enumerate(as_text(array).to_pylist())
    ]


def _of_bytes(value: bytes | None) -> _Value | None:
    try:
        return _Value(None if value is None else value.decode(), True)
    except UnicodeDecodeError:
        return None  # the type of the column rejects it


def _apply(step: Step, states: dict[_Value, _State], column: Column) -> None:
    active = [(value, state) for value, state in states.items() if state.reason is None]
    if isinstance(step, Default):
        for _, state in active:
            if state.text is None:
                _change(state, step, step.text)
        return
    active = [(value, state) for value, state in active if state.text is not None]
    if isinstance(step, Replace):
        for _, state in active:
            if len(state.text or "") > steps.LONGEST:
                state.reason = f"longer than the {steps.LONGEST:,} characters in which `replace` is applied"
        short = [state for _, state in active if state.reason is None]
        for state, text in zip(short, steps.replaced([state.text or "" for state in short], step), strict=True):
            _change(state, step, text)
        return
    functions = {is_text: steps.function(step, column.type, is_text=is_text) for is_text in (True, False)}
    for value, state in active:
        function = functions[value.is_text]
        if function is None or state.text is None:
            continue
        try:
            _change(state, step, function(state.text))
        except RejectedError as error:
            state.reason = str(error)


def _change(state: _State, step: Step, text: str | None) -> None:
    if text != state.text:
        state.text = text
        state.rules.append(step.rule)
