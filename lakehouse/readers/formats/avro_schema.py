"""Refuse Avro schemas of which a few bytes could exhaust the reader's memory or stack."""

from typing import Any

from lakehouse.readers.chunk import MAX_COLUMNS, UnreadableError
from lakehouse.readers.json_text import MAX_DEPTH

_NESTS = {"array": ("items",), "map": ("values",)}


def check(schema: dict[str, Any]) -> None:
    """Refuse a schema whose records cannot be read in bounded memory.

    Args:
        schema: schema of records, as fastavro reads it from the file.

    Raises:
        UnreadableError: the schema nests too deep or within itself, has too many fields, or has records or array
            elements of zero bytes, of which a few bytes can declare any number.
    """
    if len(schema["fields"]) > MAX_COLUMNS:
        raise UnreadableError(f"{len(schema['fields'])} columns are more than {MAX_COLUMNS}")
    if _min_bytes(schema, {}, within=()) == 0:
        raise UnreadableError("its records have zero bytes, so the file could declare any number of them")


def _min_bytes(schema: Any, sizes: dict[str, int], *, within: tuple[str, ...]) -> int:
    """Return the smallest number of bytes that a value can have.

    Args:
        schema: schema of the value.
        sizes: the same number for each named type that was read before; this function adds to it.
        within: names and kinds of the enclosing types.
    """
    if len(within) > MAX_DEPTH:
        raise UnreadableError(f"its schema nests deeper than {MAX_DEPTH}")
    if isinstance(schema, list):
        for branch in schema:
            _min_bytes(branch, sizes, within=(*within, "union"))
        return 1
    if isinstance(schema, str):
        if schema in within:
            raise UnreadableError(f"type {schema!r} contains itself, to any depth")
        return sizes.get(schema, 0 if schema == "null" else 1)
    kind, name = schema["type"], str(schema.get("name", ""))
    if kind in _NESTS:
        (inner,) = _NESTS[kind]
        if _min_bytes(schema[inner], sizes, within=(*within, kind)) == 0 and kind == "array":
            raise UnreadableError("the elements of an array have zero bytes, so it could declare any number of them")
        return 1
    if kind in ("record", "error"):
        inside = (*within, name)
        size = sum(_min_bytes(field["type"], sizes, within=inside) for field in schema["fields"])
    elif kind == "fixed":
        size = int(schema["size"])
    elif isinstance(kind, str):
        size = _min_bytes(kind, sizes, within=within) if kind == "null" or kind in sizes else 1
    else:
        size = _min_bytes(kind, sizes, within=(*within, "type"))
    if name:
        sizes[name] = size
    return size
