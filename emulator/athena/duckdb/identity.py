"""One form for values that Trino does not distinguish: DISTINCT, GROUP BY and set operations compare by it.

DuckDB distinguishes maps by the order of their entries; in this form the entries are ordered by key.
"""

from collections.abc import Iterable

from sqlglot import exp
from sqlglot.expressions import DataType, DType

from emulator.athena.runtime import sql_text, sql_types
from emulator.athena.typing.signature import type_of

_BY_IDENTITY = {
    *("array_distinct", "array_union", "array_intersect", "array_except", "arrays_overlap", "histogram", "map_agg"),
    *("approx_distinct", "map", "map_from_entries", "element_at", "map_concat"),
}
_MARK = "identity"


def identity(value: str, dt: DataType, *, positional: bool = False) -> str:
    """Return the SQL of a value in the form that is equal for values that Trino does not distinguish.

    Args:
        value: SQL of the value.
        dt: type of the value.
        positional: whether rows lose the names of their fields; DuckDB compares fields by name, Trino by position.
    """
    if not _differs(dt, positional=positional):
        return value
    if dt.this is DType.ARRAY:
        part = identity("item", dt.expressions[0], positional=positional)
        return f"list_transform({value}, lambda item: {part})"
    if dt.this is DType.MAP:
        key, item = dt.expressions
        entries = f"map_entries({value})"
        if _differs(key, positional=positional) or _differs(item, positional=positional):
            key_sql, item_sql = (
                identity(f"pair.{name}", part, positional=positional) for name, part in (("key", key), ("value", item))
            )
            entries = f"list_transform({entries}, lambda pair: struct_pack(key := {key_sql}, value := {item_sql}))"
        return f"map_from_entries(list_sort({entries}))"
    parts = [
        identity(f"struct_extract_at({value}, {i + 1})", part, positional=positional)
        for i, (_, part) in enumerate(sql_types.fields(dt))
    ]
    if positional or not any(name for name, _ in sql_types.fields(dt)):
        return f"CASE WHEN {value} IS NOT NULL THEN row({', '.join(parts)}) END"
    names = [sql_text.identifier(name) for name, _ in sql_types.named_fields(dt)]
    named = ", ".join(f"{name} := {part}" for name, part in zip(names, parts, strict=True))
    return f"CASE WHEN {value} IS NOT NULL THEN struct_pack({named}) END"


def mark(tree: exp.Expr) -> None:
    """Mark the expressions of a typed query that are compared by identity."""
    for node in tree.walk():
        if isinstance(node, exp.Select):
            _mark_all(select.unalias() for select in node.selects if node.args.get("distinct"))
            _mark_keys(node)
        elif isinstance(node, exp.SetOperation) and not (isinstance(node, exp.Union) and not node.args.get("distinct")):
            for side in (node.left, node.right):
                for select in side.find_all(exp.Select):
                    _mark_all(part.unalias() for part in select.selects)
        elif isinstance(node, exp.Distinct):
            _mark_all(node.expressions)
        elif isinstance(node, exp.Window):
            _mark_all(node.args.get("partition_by") or [])
        elif (isinstance(node, exp.Anonymous) and node.name.lower() in _BY_IDENTITY) or isinstance(node, exp.Bracket):
            _mark_all(node.expressions)


def is_marked(node: exp.Expr) -> bool:
    """Return whether the value of a node is compared by identity."""
    return bool(node.meta.get(_MARK))


def _mark_keys(select: exp.Select) -> None:
    """Mark the keys of GROUP BY wherever they stand in the query, so that DuckDB sees the same expression."""
    group = select.args.get("group")
    if group is None:
        return
    keys = [node for node in group.walk() if _differs(type_of(node))]
    for node in select.walk() if keys else ():
        if any(node == key for key in keys):
            _mark_all([node])


def _mark_all(nodes: Iterable[exp.Expr]) -> None:
    for node in nodes:
        if _differs(type_of(node)):
            node.meta[_MARK] = True


def _differs(dt: DataType, *, positional: bool = False) -> bool:
    """Return whether the type has maps, or rows that lose their names."""
    parts = [part for _, part in sql_types.fields(dt)] if dt.this is DType.STRUCT else dt.expressions
    if dt.this is DType.MAP or (positional and dt.this is DType.STRUCT):
        return True
    return any(_differs(part, positional=positional) for part in parts if isinstance(part, DataType))
