"""Random queries over the SQL that the emulator's own engine supports, as strategies of Hypothesis.

The tables are part of the query. They have nulls, NaN, negative zero, blanks, non-ASCII text, times before 1970 and
decimals. Numbers are such that sums of doubles are exact in any order, and that no expression overflows.
"""

from collections.abc import Callable

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

Sql = SearchStrategy[str]

COLUMNS = {
    "i": "integer",
    "b": "bigint",
    "x": "double",
    "r": "real",
    "n": "decimal(6,2)",
    "s": "varchar",
    "y": "date",
    "at": "timestamp(3)",
    "f": "boolean",
    "a": "array(integer)",
}
LITERALS = {
    "integer": ("0", "1", "-3", "7", "2", "null"),
    "bigint": ("bigint '0'", "bigint '-5'", "bigint '3000000000'", "null"),
    "double": ("0e0", "-0e0", "1.5e0", "-2.5e0", "nan()", "infinity()", "1e3", "null"),
    "real": ("real '0'", "real '1.5'", "real '-0.25'", "null"),
    "decimal(6,2)": ("0.00", "1.25", "-1.25", "1234.50", "-0.05", "null"),
    "varchar": ("''", "'a'", "'A b'", "'é€'", "'12'", "' x '", "'a,b,c'", "null"),
    "date": ("date '1969-12-31'", "date '2024-02-29'", "date '2000-01-01'", "null"),
    "timestamp(3)": ("timestamp '1969-12-31 23:59:59.999'", "timestamp '2024-02-29 12:30:00.500'", "null"),
    "boolean": ("true", "false", "null"),
    "array(integer)": ("array[1,2]", "array[2,null,1]", "array[]", "null"),
}
NUMBERS = ("integer", "bigint", "double", "real", "decimal(6,2)")
ORDERED = (*NUMBERS, "varchar", "date", "timestamp(3)")
_VALUES = {dt: st.sampled_from([f"cast({text} as {dt})" for text in texts]) for dt, texts in LITERALS.items()}


def tables() -> Sql:
    """WITH clause of the tables `t` and `u`."""
    row = st.tuples(st.sampled_from(("1", "2", "3", "null")), *(_VALUES[dt] for dt in COLUMNS.values()))
    rows = st.lists(row.map(lambda values: f"({', '.join(values)})"), min_size=1, max_size=6)
    names = ", ".join(["k", *COLUMNS])
    return st.tuples(rows, rows).map(
        lambda both: "WITH " + ", ".join(f"{t}({names}) AS (VALUES {', '.join(r)})" for t, r in zip("tu", both, strict=True))
    )


def _call(form: str, *parts: Sql) -> Sql:
    return st.tuples(*parts).map(lambda found: form.format(*found))


def expression(dt: str, *, depth: int, alias: str) -> Sql:
    """An expression of a type over the columns of a table."""
    columns = [f"{alias}.{name}" for name, kind in COLUMNS.items() if kind == dt]
    leaves = st.one_of(st.sampled_from(columns), _VALUES[dt])
    if depth == 0:
        return leaves

    def of(kind: str) -> Sql:
        return expression(kind, depth=depth - 1, alias=alias)

    same = of(dt)
    conditional = (
        _call("CASE WHEN {} THEN {} ELSE {} END", of("boolean"), same, same),
        _call("if({}, {})", of("boolean"), same),
        _call("coalesce({}, {})", same, same),
        _call("nullif({}, {})", same, same),
        _call("try_cast(cast({} as varchar) as " + dt + ")", same) if dt not in ("array(integer)", "real") else same,
    )
    return st.one_of(leaves, *conditional, *_FORMS.get(dt, lambda of: ())(of))


def _of_numbers(dt: str) -> Callable[[Callable[[str], Sql]], tuple[Sql, ...]]:
    def forms(of: Callable[[str], Sql]) -> tuple[Sql, ...]:
        return (
            _call("abs({})", of(dt)),
            _call("(- {})", of(dt)),
            _call("greatest({}, {})", of(dt), of(dt)) if dt not in ("double", "real") else of(dt),
            _call("cast({} as " + dt + ")", of("boolean")),
            _call("round({})", of(dt)) if not dt.startswith("decimal") else of(dt),
            _call("sign({})", of(dt)) if not dt.startswith("decimal") else of(dt),
        )

    return forms


_FORMS: dict[str, Callable[[Callable[[str], Sql]], tuple[Sql, ...]]] = {
    "integer": lambda of: (
        *_of_numbers("integer")(of),
        _call("({} % 5 + {} % 3)", of("integer"), of("integer")),
        _call("({} / 3)", of("integer")),
        _call("cardinality({})", of("array(integer)")).map(lambda sql: f"cast({sql} as integer)"),
        _call("element_at({}, 1)", of("array(integer)")),
        _call("cast({} as integer)", of("decimal(6,2)")),
    ),
    "bigint": lambda of: (
        *_of_numbers("bigint")(of),
        _call("({} % 7 * {} % 100)", of("bigint"), of("integer")),
        _call("length({})", of("varchar")),
        _call("strpos({}, {})", of("varchar"), of("varchar")),
        _call("date_diff('{}', {}, {})", st.sampled_from(("day", "month", "hour")), of("timestamp(3)"), of("timestamp(3)")),
        _call("{}({})", st.sampled_from(("year", "month", "day", "day_of_week", "week")), of("date")),
        _call("bitwise_and({}, {})", of("bigint"), of("integer")),
    ),
    "double": lambda of: (
        *_of_numbers("double")(of),
        _call("({} * 0.5e0)", of("double")),
        _call("cast({} as double)", of("decimal(6,2)")),
        _call("cast({} as double)", of("real")),
        _call("({} / cast({} as double))", of("double"), of("integer")),
        _call("sqrt(abs(cast({} as double)))", of("integer")),
        _call("floor({})", of("double")),
    ),
    "real": lambda of: (*_of_numbers("real")(of), _call("cast({} as real)", of("integer"))),
    "decimal(6,2)": lambda of: (
        *_of_numbers("decimal(6,2)")(of),
        _call("cast({} / 3 as decimal(6,2))", of("decimal(6,2)")),
        _call("try_cast({} as decimal(6,2))", of("integer")),
        _call("try_cast({} * {} as decimal(6,2))", of("decimal(6,2)"), of("decimal(6,2)")),
        _call("try_cast({} as decimal(6,2))", of("varchar")),
    ),
    "varchar": lambda of: (
        _call("upper({})", of("varchar")),
        _call("trim({})", of("varchar")),
        _call("reverse({})", of("varchar")),
        _call("({} || {})", of("varchar"), of("varchar")).map(lambda sql: f"cast({sql} as varchar)"),
        _call("substr({}, {} % 4)", of("varchar"), of("integer")),
        _call("replace({}, {}, 'z')", of("varchar"), of("varchar")),
        _call("split_part({}, ',', 2)", of("varchar")),
        _call("lpad({}, 4, '*')", of("varchar")),
        _call("cast({} as varchar)", st.sampled_from(COLUMNS_OF_TEXT).flatmap(of)),
        _call("date_format({}, '%Y-%m-%d %H:%i:%s')", of("timestamp(3)")),
        _call("array_join({}, ',', 'n')", of("array(integer)")),
    ),
    "date": lambda of: (
        _call("date_add('{}', {}, {})", st.sampled_from(("day", "month", "year")), of("integer"), of("date")),
        _call("date_trunc('{}', {})", st.sampled_from(("month", "year", "week")), of("date")),
        _call("cast({} as date)", of("timestamp(3)")),
    ),
    "timestamp(3)": lambda of: (
        _call("date_add('{}', {}, {})", st.sampled_from(("day", "hour", "month")), of("integer"), of("timestamp(3)")),
        _call("date_trunc('{}', {})", st.sampled_from(("day", "hour", "month")), of("timestamp(3)")),
        _call("cast({} as timestamp(3))", of("date")),
        _call("({} + interval '1' day)", of("timestamp(3)")),
    ),
    "boolean": lambda of: (
        st.sampled_from(ORDERED).flatmap(
            lambda dt: _call("({} {} {})", of(dt), st.sampled_from(("=", "<>", "<", "<=", ">", ">=")), of(dt))
        ),
        st.sampled_from(ORDERED).flatmap(lambda dt: _call("({} IN ({}, {}))", of(dt), of(dt), of(dt))),
        st.sampled_from(ORDERED).flatmap(lambda dt: _call("({} BETWEEN {} AND {})", of(dt), of(dt), of(dt))),
        st.sampled_from(tuple(COLUMNS.values())).flatmap(
            lambda dt: _call("({} IS {}DISTINCT FROM {})", of(dt), st.sampled_from(("", "NOT ")), of(dt))
        ),
        st.sampled_from(tuple(COLUMNS.values())).flatmap(lambda dt: _call("({} IS NULL)", of(dt))),
        _call("({} AND {})", of("boolean"), of("boolean")),
        _call("({} OR NOT {})", of("boolean"), of("boolean")),
        _call("({} LIKE '%{}%')", of("varchar"), st.sampled_from(("a", "_", ""))),
        _call("contains({}, {})", of("array(integer)"), of("integer")),
        _call("({} = {})", of("array(integer)"), of("array(integer)")),
    ),
    "array(integer)": lambda of: (
        _call("array[{}, {}]", of("integer"), of("integer")),
        _call("array_distinct({})", of("array(integer)")),
        _call("({} || {})", of("array(integer)"), of("array(integer)")),
        _call("transform({}, e -> e % 3)", of("array(integer)")),
        _call("filter({}, e -> e > {})", of("array(integer)"), of("integer")),
        _call("array_sort({})", of("array(integer)")),
        _call("array_union({}, {})", of("array(integer)"), of("array(integer)")),
    ),
}
COLUMNS_OF_TEXT = ("integer", "bigint", "double", "real", "decimal(6,2)", "date", "timestamp(3)", "boolean")


def _any(*, alias: str = "t", depth: int = 2) -> Sql:
    return st.sampled_from(tuple(COLUMNS.values())).flatmap(lambda dt: expression(dt, depth=depth, alias=alias))


def _condition(alias: str = "t") -> Sql:
    return expression("boolean", depth=2, alias=alias)


def aggregate() -> Sql:
    """An aggregate of the rows of `t`, whose result does not depend on their order."""

    def one(dt: str) -> Sql:
        inside = expression(dt, depth=1, alias="t")
        names = ["count({})", "count(DISTINCT {})", "min({})", "max({})", "count_if({} IS NULL)"]
        if dt in ("double", "real"):
            names = names[:2]
        if dt in ("integer", "bigint", "decimal(6,2)"):
            names += ["sum({})", "avg({})", "sum(DISTINCT {})"]
        if dt == "boolean":
            names += ["bool_and({})", "every({})", "bool_or({})"]
        filtered = st.one_of(st.just(""), _condition().map(lambda sql: f" FILTER (WHERE {sql})"))
        return _call("{}{}", st.sampled_from(names).flatmap(lambda form: _call(form, inside)), filtered)

    return st.one_of(st.just("count(*)"), st.sampled_from([*ORDERED, "boolean"]).flatmap(one))


def window() -> Sql:
    """A window function over `t`; the order is total, except for rows that are equal."""
    order = ", ".join(f"t.{name}" for name in ("k", *COLUMNS) if name != "a")
    frames = ("", "ROWS BETWEEN 1 PRECEDING AND CURRENT ROW", "ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING")
    called = st.one_of(
        st.sampled_from(("rank()", "dense_rank()", "percent_rank()", "cume_dist()")),
        st.sampled_from(("sum(t.i)", "avg(t.n)", "count(t.s)", "min(t.y)", "max(t.s)", "count(*)")).flatmap(
            lambda name: st.sampled_from(frames).map(lambda frame: f"{name}|{frame}")
        ),
        st.sampled_from(("lag(t.i)", "lead(t.s, 2)", "first_value(t.n)", "lag(t.y, 1, date '2000-01-01')")),
    )

    def over(found: str) -> Sql:
        name, _, frame = found.partition("|")
        partition = st.sampled_from(("", "PARTITION BY t.k ", "PARTITION BY t.f, t.k "))
        return partition.map(lambda part: f"{name} OVER ({part}ORDER BY {order} {frame})")

    return called.flatmap(over)


def _select(parts: Sql, rest: Sql) -> Sql:
    listed = st.lists(parts, min_size=1, max_size=3).map(lambda sql: ", ".join(f"{p} AS c{n}" for n, p in enumerate(sql)))
    return _call("SELECT {} {}", listed, rest)


def _grouped() -> Sql:
    keys = st.sampled_from(("t.k", "t.k, t.f", "ROLLUP (t.k, t.f)", "CUBE (t.k, t.s)", "GROUPING SETS ((t.k), ())"))
    having = st.one_of(st.just(""), st.just(" HAVING count(*) > 1"))
    return _select(st.one_of(st.just("t.k"), aggregate()), _call("FROM t GROUP BY {}{}", keys, having))


def _joined() -> Sql:
    kinds = st.sampled_from(("JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN"))
    on = st.sampled_from(("t.k = u.k", "t.i = u.i", "t.x = u.x", "t.s = u.s AND t.k = u.k", "t.n = u.n", "t.a = u.a"))
    return _select(st.one_of(_any(depth=1), _any(alias="u", depth=1)), _call("FROM t {} u ON {}", kinds, on))


def _set_operation() -> Sql:
    def both(dt: str) -> Sql:
        left, right = (expression(dt, depth=1, alias=alias) for alias in "tu")
        operators = st.sampled_from(("UNION", "UNION ALL", "INTERSECT", "EXCEPT"))
        return _call("SELECT {} AS c0, t.k FROM t {} SELECT {}, u.k FROM u", left, operators, right)

    return st.sampled_from(tuple(COLUMNS.values())).flatmap(both)


def _with_subquery() -> Sql:
    conditions = st.sampled_from(
        (
            "EXISTS (SELECT 1 FROM u WHERE u.k = t.k)",
            "t.i IN (SELECT u.i FROM u)",
            "t.s NOT IN (SELECT u.s FROM u)",
            "t.n > (SELECT avg(u.n) FROM u)",
            "t.y >= ALL (SELECT u.y FROM u)",
            "t.k = (SELECT max(u.k) FROM u WHERE u.f = t.f)",
        )
    )
    return _select(_any(depth=1), _call("FROM t WHERE {}", conditions))


def queries() -> Sql:
    """A query."""
    body = st.one_of(
        _select(_any(), _call("FROM t WHERE {}", _condition())),
        _select(_any(), st.just("FROM t")).map(lambda sql: sql.replace("SELECT", "SELECT DISTINCT", 1)),
        _select(aggregate(), st.one_of(st.just("FROM t"), _call("FROM t WHERE {}", _condition()))),
        _select(window(), st.just("FROM t")),
        _grouped(),
        _joined(),
        _set_operation(),
        _with_subquery(),
    )
    return _call("{} {}", tables(), body)
