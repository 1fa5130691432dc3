"""Comparisons of nested values agree with a reference in Python of Trino's three-valued equality.

A type is a name or (kind, parts). A value is None, a number, a list (array), a tuple (row) or a dict (map).
Source: https://trino.io/docs/current/functions/comparison.html
"""

import math
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.emulator.trino_values import Evaluate
from tests.support.examples import examples

# A type is a name or (kind, parts); a value is None, a number, a list (array), a tuple (row) or a dict (map).

Type = Any
SCALARS = {"integer": st.sampled_from([None, 1, 2]), "double": st.sampled_from([None, 1.0, 2.0, math.nan])}


def types(depth: int) -> st.SearchStrategy[Type]:
    scalar = st.sampled_from(sorted(SCALARS))
    if depth == 0:
        return scalar
    inner = types(depth - 1)
    return st.one_of(
        scalar,
        st.tuples(st.just("array"), st.tuples(inner)),
        st.tuples(st.just("row"), st.tuples(inner, inner)),
        st.tuples(st.just("map"), st.tuples(st.just("integer"), inner)),
    )


def values(kind: Type) -> st.SearchStrategy[Any]:
    if isinstance(kind, str):
        return SCALARS[kind]
    name, parts = kind
    if name == "array":
        some: st.SearchStrategy[Any] = st.lists(values(parts[0]), max_size=2)
    elif name == "row":
        some = st.tuples(*map(values, parts))
    else:
        some = st.dictionaries(st.sampled_from([1, 2, 3]), values(parts[1]), max_size=2)
    return st.one_of(st.none(), some)


def type_name(kind: Type) -> str:
    return kind if isinstance(kind, str) else f"{kind[0]}({', '.join(map(type_name, kind[1]))})"


def literal(value: Any, kind: Type) -> str:
    if value is None:
        return f"cast(null as {type_name(kind)})"
    if isinstance(kind, str):
        return ("nan()" if math.isnan(value) else f"{value}e0") if kind == "double" else str(value)
    name, parts = kind
    if name == "array":
        text = f"array[{', '.join(literal(v, parts[0]) for v in value)}]"
    elif name == "row":
        text = f"row({', '.join(map(literal, value, parts))})"
    else:
        keys = literal(list(value), ("array", (parts[0],)))
        text = f"map({keys}, {literal(list(value.values()), ('array', (parts[1],)))})"
    return f"cast({text} as {type_name(kind)})"


def every(parts: list[bool | None]) -> bool | None:
    return False if False in parts else None if None in parts else True


def equal(a: Any, b: Any) -> bool | None:
    """Trino's `=`."""
    if a is None or b is None:
        return None
    if isinstance(a, dict):
        return every([equal(a[k], b[k]) for k in a]) if a.keys() == b.keys() else False
    if isinstance(a, list | tuple):
        return every([equal(x, y) for x, y in zip(a, b, strict=True)]) if len(a) == len(b) else False
    return bool(a == b)


def identical(a: Any, b: Any) -> bool:
    """Trino's `IS NOT DISTINCT FROM`."""
    if a is None or b is None:
        return a is b
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(identical(a[k], b[k]) for k in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(identical, a, b))
    return a == b or (math.isnan(a) and math.isnan(b))


def member(value: Any, items: list[Any]) -> bool | None:
    """Trino's `IN (SELECT ...)`, which is by identity, as a run of Trino 476 showed."""
    if value is None:
        return None
    if any(item is not None and identical(value, item) for item in items):
        return True
    return None if None in items else False


def shown(value: bool | None) -> str | None:
    return None if value is None else str(value).lower()


def distinct(items: list[Any]) -> list[Any]:
    return [item for i, item in enumerate(items) if not any(identical(item, other) for other in items[:i])]


@settings(max_examples=examples(25), deadline=None)
@given(st.data())
def test_comparisons_agree_with_a_reference(evaluate: Evaluate, data: st.DataObject) -> None:
    kind = data.draw(types(2))
    a, b, c = (data.draw(values(kind)) for _ in range(3))
    x, y, z = (literal(value, kind) for value in (a, b, c))
    both = equal(a, b)
    either = every([None if equal(a, v) is None else not equal(a, v) for v in (b, c)])
    rows = f"(VALUES (1, {y}), (2, {z})) AS q (k, v)"
    expected: dict[str, bool | None] = {
        f"{x} = {y}": both,
        f"{x} <> {y}": None if both is None else not both,
        f"{x} IS NOT DISTINCT FROM {y}": identical(a, b),
        f"{x} IN ({y}, {z})": None if either is None else not either,
        f"{x} NOT IN ({y}, {z})": either,
        f"{x} IN (SELECT v FROM (VALUES row({y}), row({z})) AS q (v))": member(a, [b, c]),
        f"nullif({x}, {y}) IS NOT DISTINCT FROM {x}": both is not True or a is None,
        f"(SELECT count(*) FROM {rows} WHERE v = {x}) > 0": True in (equal(a, b), equal(a, c)),
    }
    assert evaluate(f"SELECT {', '.join(expected)}")[0] == [tuple(map(shown, expected.values()))]


@settings(max_examples=examples(15), deadline=None)
@given(st.data())
def test_groups_and_sets_agree_with_a_reference(evaluate: Evaluate, data: st.DataObject) -> None:
    kind = data.draw(types(1))
    items = data.draw(st.lists(values(kind), min_size=1, max_size=5))
    others = data.draw(st.lists(values(kind), min_size=1, max_size=3))
    rows, more = (", ".join(f"row({literal(v, kind)})" for v in vs) for vs in (items, others))
    sides = literal(items, ("array", (kind,))), literal(others, ("array", (kind,)))
    groups = len(distinct(items))
    common = [v for v in distinct(items) if any(identical(v, other) for other in others)]
    overlap = any(v is not None for v in common) or (None if None in items or None in others else False)
    q, r = f"(VALUES {rows}) AS q (v)", f"(VALUES {more}) AS r (w)"
    present = [v for v in items if v is not None]
    pairs = sum(equal(v, w) is True for v in items for w in others)
    expected = {
        f"(SELECT count(*) FROM (SELECT DISTINCT v FROM {q}))": str(groups),
        f"(SELECT count(*) FROM (SELECT v FROM {q} GROUP BY v))": str(groups),
        f"(SELECT count(DISTINCT v) FROM {q})": str(len(distinct(present))),
        f"(SELECT count(*) FROM (SELECT v FROM {q} INTERSECT SELECT w FROM {r}))": str(len(common)),
        f"(SELECT count(*) FROM {q} JOIN {r} ON v = w)": str(pairs),
        f"cardinality(array_distinct({sides[0]}))": str(groups),
        f"cardinality(array_union({sides[0]}, {sides[1]}))": str(len(distinct(items + others))),
        f"cardinality(array_intersect({sides[0]}, {sides[1]}))": str(len(common)),
        f"cardinality(array_except({sides[0]}, {sides[1]}))": str(groups - len(common)),
        f"arrays_overlap({sides[0]}, {sides[1]})": shown(overlap),
    }
    assert evaluate(f"SELECT {', '.join(expected)}")[0] == [tuple(expected.values())]
