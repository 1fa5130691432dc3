"""Rewrite the leaves of Arrow arrays, at any depth, that Arrow's own casts would read as other values.

Arrow casts an extension type by its storage, knows no time beyond those of Python as text, and needs a database of
time zones for texts of instants.
"""

import uuid
from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import types

Mask = npt.NDArray[np.bool_]

_PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
_DAY = 86_400
_FIRST_SECOND = -62_135_596_800
"""0001-01-01 00:00:00 in seconds since 1970."""
_END_SECOND = 253_402_300_800
"""10000-01-01 00:00:00 in seconds since 1970."""
_LAST_NANO_SECOND = 9_223_372_036
"""Seconds from 1970 to the last instant that 64 bits of nanoseconds hold."""


def plain(array: pa.Array) -> pa.Array:
    """Return the values in types that Arrow casts to text exactly.

    UUIDs become their text, bool8 becomes bool, and JSON its text; instants are in UTC; times with nanoseconds become
    text with six digits after the point, or nine if they need them. Values of other extension types become their name
    in angle brackets, and `unknown_extension` names them.
    """
    if not any(map(_is_special, leaf_types(array.type))):
        return array
    return rebuild(_plain_leaf, array)


def unknown_extension(type_: pa.DataType) -> str | None:
    """Return the name of an extension type at any depth whose values have no known text, if there is one."""
    return next(
        (
            leaf.extension_name
            for leaf in leaf_types(type_)
            if isinstance(leaf, pa.BaseExtensionType) and not _is_known(leaf)
        ),
        None,
    )


def out_of_range(array: pa.Array) -> Mask:
    """Return the mask of values with a date or instant outside the years 1 to 9999, or a time outside a day, within."""
    return _any_leaf(array, types.is_temporal, _is_out_of_range)


def not_finite(array: pa.Array) -> Mask:
    """Return the mask of values with NaN or an infinity within."""
    return _any_leaf(array, types.is_floating, lambda leaf: ~np.asarray(pc.is_finite(leaf).fill_null(True)))


def invalid_text(array: pa.Array) -> Mask:
    """Return the mask of values with text within that is not UTF-8."""
    return _any_leaf(array, lambda type_: types.is_string(type_) or types.is_large_string(type_), _is_invalid_text)


def _any_leaf(array: pa.Array, applies: Callable[[pa.DataType], bool], test: Callable[[pa.Array], Mask]) -> Mask:
    """Return the mask of values with a leaf within that is of some type and passes a test."""
    type_ = array.type
    if not any(map(applies, leaf_types(type_))):
        return np.zeros(len(array), dtype=np.bool_)
    if types.is_struct(type_):
        masks = [_any_leaf(array.field(i), applies, test) for i in range(type_.num_fields)]
        return np.asarray(np.logical_or.reduce(masks)) & _valid(array)
    if types.is_nested(type_):
        bounds, children = elements(array)
        inner = np.logical_or.reduce([_any_leaf(child, applies, test) for child in children])
        totals = np.concatenate(([0], np.cumsum(inner)))
        return np.asarray(totals[bounds[1:]] > totals[bounds[:-1]]) & _valid(array)
    if types.is_dictionary(type_):
        return _any_leaf(array.dictionary_decode(), applies, test)
    return test(array) & _valid(array)


def _is_invalid_text(array: pa.Array) -> Mask:
    values = array.cast(pa.large_binary())
    try:
        values.cast(pa.large_string())
    except pa.ArrowInvalid:
        return np.asarray([value is not None and not _is_utf8(value) for value in values.to_pylist()], dtype=np.bool_)
    return np.zeros(len(array), dtype=np.bool_)


def _is_utf8(value: bytes) -> bool:
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True


def _is_out_of_range(array: pa.Array) -> Mask:
    type_ = array.type
    limits = _limits(type_)
    if limits is None:
        return np.zeros(len(array), dtype=np.bool_)
    numbers = _numbers(array)
    return np.asarray((numbers < limits[0]) | (numbers >= limits[1])) & _valid(array)


def rebuild(leaf: Callable[..., pa.Array], *arrays: pa.Array) -> pa.Array:
    """Return an array with other leaves, in the structure of the first array.

    Args:
        leaf: returns the new leaves; gets the leaves at the same place of each array.
        arrays: arrays of one structure.
    """
    first = arrays[0]
    type_ = first.type
    if types.is_struct(type_):
        children = [rebuild(leaf, *(array.field(i) for array in arrays)) for i in range(type_.num_fields)]
        fields = [pa.field(field.name, child.type) for field, child in zip(type_, children, strict=True)]
        return pa.StructArray.from_arrays(children, fields=fields, mask=first.is_null())
    if not types.is_nested(type_):
        return leaf(*arrays)
    parts = [elements(array) for array in arrays]
    children = [rebuild(leaf, *same) for same in zip(*(children for _, children in parts), strict=True)]
    offsets = pa.array(parts[0][0], pa.int32())
    if types.is_map(type_):
        return pa.MapArray.from_arrays(offsets, *children, mask=first.is_null())
    return pa.ListArray.from_arrays(offsets, *children, mask=first.is_null())


def from_int96(seconds: pa.Array, nanoseconds: pa.Array) -> pa.Array:
    """Return instants that Parquet holds in 96 bits, of which Arrow reads any 64 bits.

    Args:
        seconds: the instants in whole seconds, rounded down.
        nanoseconds: the instants in nanoseconds, of which the highest bits are missing.

    Returns:
        Timestamps in microseconds, or in nanoseconds if they need and allow it. In an array with instants that need
        each of the two, those that need nanoseconds are out of range too.
    """
    if seconds.type == nanoseconds.type:  # not of 96 bits
        return seconds
    null = ~_valid(seconds)
    whole = _numbers(seconds)
    wrapped = _numbers(nanoseconds)
    within = (wrapped.astype(np.uint64) - whole.astype(np.uint64) * np.uint64(10**9)).astype(np.int64)
    finer = (within % 1000 != 0) & ~null
    if np.any(finer) and np.all(null | ((whole > -_LAST_NANO_SECOND) & (whole < _LAST_NANO_SECOND))):
        return nanoseconds
    is_exact = (whole >= _FIRST_SECOND) & (whole < _END_SECOND) & ~finer
    micros = np.where(is_exact, whole * 10**6 + within // 1000, np.iinfo(np.int64).max)
    return pa.array(micros, pa.int64(), mask=null).view(pa.timestamp("us"))


def elements(array: pa.Array) -> tuple[npt.NDArray[np.int64], list[pa.Array]]:
    """Return the children of an array of lists or maps, and where each list begins and the last one ends in them."""
    if types.is_fixed_size_list(array.type):
        array = array.cast(pa.list_(array.type.value_field))
    offsets = array.offsets.to_numpy().astype(np.int64)
    children = [array.keys, array.items] if types.is_map(array.type) else [array.values]
    first, last = int(offsets[0]), int(offsets[-1])
    return offsets - first, [child.slice(first, last - first) for child in children]


def leaf_types(type_: pa.DataType) -> Iterator[pa.DataType]:
    """Yield the types within a type that hold values and not structure."""
    if types.is_nested(type_):
        for i in range(type_.num_fields):
            yield from leaf_types(type_.field(i).type)
    elif types.is_dictionary(type_):
        yield from leaf_types(type_.value_type)
    else:
        yield type_


def _is_special(leaf: pa.DataType) -> bool:
    return (
        isinstance(leaf, pa.BaseExtensionType)
        or (types.is_time64(leaf) and leaf.unit == "ns")
        or (types.is_timestamp(leaf) and leaf.tz not in (None, "UTC"))
    )


def _is_known(leaf: pa.DataType) -> bool:
    return isinstance(leaf, (pa.UuidType, pa.Bool8Type, pa.JsonType))


def _plain_leaf(array: pa.Array) -> pa.Array:
    type_ = array.type
    if types.is_dictionary(type_):
        return _plain_leaf(array.dictionary_decode())
    if types.is_timestamp(type_) and type_.tz is not None:
        return array.cast(pa.timestamp(type_.unit, "UTC"))
    if types.is_time64(type_) and type_.unit == "ns":
        return pc.replace_substring_regex(pc.cast(array, pa.string()), r"^(.*\.[0-9]{6})000$", r"\1")
    if not isinstance(type_, pa.BaseExtensionType):
        return array
    if isinstance(type_, pa.UuidType):
        texts = [None if value is None else str(uuid.UUID(bytes=value)) for value in array.storage.to_pylist()]
        return pa.array(texts, pa.string())
    if isinstance(type_, pa.Bool8Type):
        return pc.not_equal(array.storage, 0)
    if isinstance(type_, pa.JsonType):
        return array.storage.cast(pa.string())
    return pc.if_else(array.is_valid(), f"<{type_.extension_name}>", None).cast(pa.string())


def _limits(type_: pa.DataType) -> tuple[int, int] | None:
    """Return the first number of a temporal type that is in range, and the first one after the range."""
    if types.is_timestamp(type_):
        unit = _PER_SECOND[type_.unit]
        return None if type_.unit == "ns" else (_FIRST_SECOND * unit, _END_SECOND * unit)
    if types.is_date32(type_):
        return _FIRST_SECOND // _DAY, _END_SECOND // _DAY
    if types.is_date64(type_):
        return _FIRST_SECOND * 1000, _END_SECOND * 1000
    if types.is_time(type_):
        return 0, _DAY * _PER_SECOND[type_.unit]
    return None


def _numbers(array: pa.Array) -> npt.NDArray[np.int64]:
    """Return the numbers that a temporal type is made of; 0 for null."""
    width = pa.int32() if array.type.bit_width == 32 else pa.int64()
    return np.asarray(array.view(width).fill_null(0)).astype(np.int64)


def _valid(array: pa.Array) -> Mask:
    return np.asarray(array.is_valid().to_numpy(zero_copy_only=False))
