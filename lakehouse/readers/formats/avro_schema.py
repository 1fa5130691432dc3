"""What an Avro schema must not be, since a few bytes of it would take all memory, or the reader's stack."""

from typing import Any

from lakehouse.readers.chunk import MAX_COLUMNS, UnreadableError
from lakehouse.readers.json_text import MAX_DEPTH

_NESTS = {"array": ("items",), "map": ("values",)}


def check(schema: dict[str, Any]) -> None:
    """Refuse schemas of records that can't be read in bounded memory.

    Args:
        schema: of records, as fastavro reads it from the file.

    Raises:
        UnreadableError: it nests too deep or within itself, has too many fields, or elements that take no bytes, of
            which a few bytes could name any number.
    """
    if len(schema["fields"]) > MAX_COLUMNS:
        raise UnreadableError(f"{len(schema['fields'])} columns are more than {MAX_COLUMNS}")
    if _least(schema, {}, within=()) == 0:
        raise UnreadableError("its records take no bytes: it could name any number of them")


def _least(schema: Any, sizes: dict[str, int], *, within: tuple[str, ...]) -> int:
    """The fewest bytes that a value may take.

    Args:
        schema: of the value.
        sizes: the same of the named types that were met; gets more.
        within: names and kinds of the types that it is within.
    """
    if len(within) > MAX_DEPTH:
        raise UnreadableError(f"its schema nests deeper than {MAX_DEPTH}")
    if isinstance(schema, list):
        for branch in schema:
            _least(branch, sizes, within=(*within, "union"))
        return 1
    if isinstance(schema, str):
        if schema in within:
            raise UnreadableError(f"type {schema!r} contains itself, to any depth")
        return sizes.get(schema, 0 if schema == "null" else 1)
    kind, name = schema["type"], str(schema.get("name", ""))
    if kind in _NESTS:
        (inner,) = _NESTS[kind]
        if _least(schema[inner], sizes, within=(*within, kind)) == 0 and kind == "array":
            raise UnreadableError("an array's elements take no bytes: it could name any number of them")
        return 1
    if kind in ("record", "error"):
        inside = (*within, name)
        size = sum(_least(field["type"], sizes, within=inside) for field in schema["fields"])
    elif kind == "fixed":
        size = int(schema["size"])
    elif isinstance(kind, str):
        size = _least(kind, sizes, within=within) if kind == "null" or kind in sizes else 1
    else:
        size = _least(kind, sizes, within=(*within, "type"))
    if name:
        sizes[name] = size
    return size
