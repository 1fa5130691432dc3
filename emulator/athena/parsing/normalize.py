"""The form of a parsed query that binding expects: named columns, windows written out, flat rows of VALUES."""

from sqlglot import exp

from emulator.athena.runtime.errors import AthenaError, position


def normalize(tree: exp.Expr) -> None:
    """Normalize a query in place.

    Raises:
        AthenaError: the query refers to a window that it does not define.
    """
    for values in list(tree.find_all(exp.Values)):
        _flatten(values)
        if not isinstance(values.parent, exp.From | exp.Join | None):
            values.replace(selected(values.copy()))
    for node in list(tree.find_all(exp.In, exp.Anonymous)):
        _compare_with_query(node)
    for unnest in tree.find_all(exp.Unnest):
        _name_elements(unnest)
    for select in tree.find_all(exp.Select):
        _write_windows_out(select)
        _name_columns(select)


def selected(values: exp.Values) -> exp.Select:
    """Return `VALUES ... ORDER BY ...` as a SELECT."""
    modifiers = {part: values.args.pop(part) for part in ("with_", "order", "limit", "offset") if part in values.args}
    select = exp.select("*").from_(values)
    for part, value in modifiers.items():
        select.set(part, value)
    return select


def _compare_with_query(node: exp.Expr) -> None:
    """Read `x IN (VALUES 1)` and `x = ANY (VALUES 1)` as comparisons with a query, not with an expression."""
    only = node.expressions[0] if len(node.expressions) == 1 else None
    if not isinstance(only, exp.Query):
        return
    if isinstance(node, exp.In):
        node.set("expressions", [])
        node.set("query", exp.Subquery(this=only))
    elif node.name.lower() in ("any", "some", "all") and isinstance(node.parent, exp.Binary):
        node.replace((exp.All if node.name.lower() == "all" else exp.Any)(this=only))


def _flatten(values: exp.Values) -> None:
    """Make two columns of `VALUES ROW(1, 2)` and of `VALUES CAST(... AS ROW(a, b))`, and name the columns."""
    for row in values.expressions:
        only = row.expressions[0] if isinstance(row, exp.Tuple) and len(row.expressions) == 1 else None
        if isinstance(only, exp.Anonymous) and only.name.lower() == "row":
            row.set("expressions", only.expressions)
        elif isinstance(only, exp.Cast) and only.to.this is exp.DType.STRUCT:
            indexes = range(1, len(only.to.expressions) + 1)
            parts = [exp.Bracket(this=only.copy(), expressions=[exp.Literal.number(index)]) for index in indexes]
            row.set("expressions", parts)
    if values.expressions:
        _default_names(values, len(values.expressions[0].expressions))


def _name_elements(unnest: exp.Unnest) -> None:
    count = len(unnest.expressions)
    if _default_names(unnest, count) and unnest.args.get("offset"):
        unnest.set("offset", exp.to_identifier(f"_col{count}"))


def _default_names(source: exp.Expr, count: int) -> bool:
    """Name a source's columns, and return False if they already have names."""
    alias = source.args.get("alias")
    if alias is not None and alias.columns:
        return False
    names = [exp.to_identifier(f"_col{index}") for index in range(count)]
    source.set("alias", exp.TableAlias(this=alias and alias.this, columns=names))
    return True


def _write_windows_out(select: exp.Select) -> None:
    """Replace the name in `OVER w ... WINDOW w AS (...)` by its definition."""
    definitions = {window.name.lower(): window for window in select.args.pop("windows", None) or []}
    for window in select.find_all(exp.Window):
        name = window.args.get("alias")
        if name is None or window.find_ancestor(exp.Select) is not select:
            continue
        definition = definitions.get(name.name.lower())
        if definition is None:
            raise AthenaError("INVALID_WINDOW_REFERENCE", f"{position(window)}: Cannot resolve WINDOW name {name.name}")
        for part, value in definition.args.items():
            if part != "this" and value and not window.args.get(part):
                window.set(part, [node.copy() for node in value] if isinstance(value, list) else value.copy())
        window.set("alias", None)


def _name_columns(select: exp.Select) -> None:
    """Give every column without a name Trino's name for it: `_col0`, `_col1` ..."""
    for index, projection in enumerate(select.expressions):
        if not isinstance(projection, exp.Alias | exp.Column | exp.Dot) and not projection.is_star:
            projection.replace(exp.alias_(projection.copy(), f"_col{index}"))
