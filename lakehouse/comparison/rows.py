"""Compare the rows of two states: equal rows cancel out, the others are matched by key.

If a key is left with one row in each state, this row was changed. All other rows that are left were added or removed,
also if a key has several of them: no engine checks that keys are unique. Rows that both states have cancel out, so
files that both have need not be read.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.comparison.partitions import normal

LARGEST = 2**62
"""Numbers of rows stay below it, so that 64 bits are enough."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One changed value.

    Attributes:
        key: values of the key's columns; None if they may not be shown.
        old, new: the value in each state.
    """

    key: tuple[Any, ...] | None
    old: Any
    new: Any


@dataclass(slots=True, kw_only=True)
class Tally:
    """What was counted so far.

    Attributes:
        added, removed, changed: rows.
        columns: changed rows by column.
        examples: a few of them, by column.
    """

    added: int = 0
    removed: int = 0
    changed: int = 0
    columns: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[Example]] = field(default_factory=dict)


def compare(
    old: pa.Table, new: pa.Table, *, key: Sequence[str], shown: Collection[str], examples: int, tally: Tally
) -> None:
    """Count how the rows of two tables differ; null equals null, and NaN equals NaN.

    Args:
        old, new: rows of the two states, with the same columns of flat types.
        key: columns of the key; without any, rows are only added and removed.
        shown: columns whose values may become examples.
        examples: how many examples of a column are kept.
        tally: is counted on.
    """
    codes = {name: _codes(old[name], new[name]) for name in old.column_names}
    is_new = np.arange(len(old) + len(new)) >= len(old)
    left = _left(_combined(list(codes.values())), is_new)
    keys = _combined([codes[name] for name in key])[left] if key else np.zeros(len(left), np.int64)
    before, after = (np.bincount(keys[is_new[left] == side], minlength=1) for side in (False, True))
    size = max(len(before), len(after))
    before, after = (np.pad(counts, (0, size - len(counts))) for counts in (before, after))
    changed = (before == 1) & (after == 1) if key else np.zeros(size, bool)
    tally.removed += int(before[~changed].sum())
    tally.added += int(after[~changed].sum())
    rows = left[changed[keys]]
    rows = rows[np.lexsort((rows, keys[changed[keys]]))]
    _count_columns(codes, rows[::2], rows[1::2], tally)
    for name in tally.columns.keys() & set(shown):
        known = tally.examples.setdefault(name, [])
        differing = np.flatnonzero(codes[name][rows[::2]] != codes[name][rows[1::2]])
        for place in differing[: examples - len(known)]:
            one, other = int(rows[2 * place]), int(rows[2 * place + 1]) - len(old)
            values = tuple(old[part][one].as_py() for part in key) if set(key) <= set(shown) else None
            known.append(Example(key=values, old=old[name][one].as_py(), new=new[name][other].as_py()))


def _count_columns(codes: Mapping[str, np.ndarray], before: np.ndarray, after: np.ndarray, tally: Tally) -> None:
    tally.changed += len(before)
    for name, code in codes.items():
        if count := int((code[before] != code[after]).sum()):
            tally.columns[name] += count


def _codes(old: pa.ChunkedArray, new: pa.ChunkedArray) -> np.ndarray:
    """Return a number for each value of both arrays, the same for equal values."""
    both = pa.chunked_array([*old.chunks, *new.chunks], old.type).combine_chunks()
    encoded = pc.dictionary_encode(normal(both), null_encoding="encode")
    return np.asarray(encoded.indices, np.int64)


def _combined(codes: Sequence[np.ndarray]) -> np.ndarray:
    """Return a number below their count for each row, the same for rows with the same numbers."""
    total, size = codes[0], int(codes[0].max(initial=0)) + 1
    for code in codes[1:]:
        count = int(code.max(initial=0)) + 1
        if size * count >= LARGEST:
            total = np.unique(total, return_inverse=True)[1]
            size = len(total)
        total, size = total * count + code, size * count
    return np.unique(total, return_inverse=True)[1]


def _left(rows: np.ndarray, is_new: np.ndarray) -> np.ndarray:
    """Return the positions of the rows that are left when each old row cancels out one equal new row.

    Args:
        rows: a number for each row, the same for equal rows.
        is_new: whether the row is of the new state.
    """
    counts = [np.bincount(rows[is_new == side], minlength=len(rows)) for side in (False, True)]
    group = 2 * rows + is_new
    order = np.argsort(group, kind="stable")
    first = np.searchsorted(group[order], group[order])
    rank = np.arange(len(rows)) - first  # how many equal rows of its state come before it
    return np.sort(order[rank >= np.minimum(*counts)[rows[order]]])
