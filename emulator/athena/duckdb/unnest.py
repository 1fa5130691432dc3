"""UNNEST for DuckDB, which has no ordinality and unnests several arguments only in a SELECT list."""

from sqlglot import exp
from sqlglot.expressions import DType

from emulator.athena.runtime import sql_text, sql_types
from emulator.athena.typing.signature import type_of


def unnest(arguments: list[str], node: exp.Unnest) -> str:
    """Return a lateral subselect that unnests every argument side by side; the shorter ones end in NULLs.

    Args:
        arguments: SQL of each argument.
        node: the typed UNNEST, with its alias and ordinality.
    """
    inner, outer, sizes = [], [], []
    for i, (sql, part) in enumerate(zip(arguments, node.expressions, strict=True)):
        dt = type_of(part)
        if dt.this is DType.MAP:
            sizes.append(f"cardinality({sql})")
            inner += [f"unnest(map_keys({sql})) AS k{i}", f"unnest(map_values({sql})) AS v{i}"]
            outer += [f"k{i}", f"v{i}"]
            continue
        sizes.append(f"len({sql})")
        inner.append(f"unnest({sql}) AS a{i}")
        element = dt.expressions[0]
        if element.this is DType.STRUCT:
            outer += [
                f"struct_extract(a{i}, {sql_text.literal(name) if name else j + 1})"
                for j, (name, _) in enumerate(sql_types.fields(element))
            ]
        else:
            outer.append(f"a{i}")
    offset = node.args.get("offset")
    if offset:
        inner.append(f"unnest(generate_series(1, greatest({', '.join(sizes)}))) AS o")
        outer.append("o")
    names = [column.name for column in (node.args["alias"].columns if node.args.get("alias") else [])]
    names += [offset.name] if isinstance(offset, exp.Identifier) else []
    columns = [f"{sql} AS {sql_text.identifier(name)}" for sql, name in zip(outer, names or outer, strict=True)]
    alias = sql_text.identifier(node.alias) if node.alias else "unnested"
    return f"LATERAL (SELECT {', '.join(columns)} FROM (SELECT {', '.join(inner)})) AS {alias}"
