"""The part of the SQL generator that writes comparisons: operators, IN, BETWEEN, CASE and comparisons with a query."""

from typing import Any

from sqlglot import exp
from sqlglot.expressions import DataType
from sqlglot.generators.duckdb import DuckDBGenerator

from emulator.athena.duckdb import identity
from emulator.athena.duckdb.compare import NESTED, Value, compare, is_plain
from emulator.athena.runtime.errors import not_supported, position
from emulator.athena.typing import coercion
from emulator.athena.typing.operators import query_type
from emulator.athena.typing.signature import type_of

_OPERATORS: dict[type[exp.Expr], str] = {
    exp.EQ: "=",
    exp.NEQ: "<>",
    exp.LT: "<",
    exp.LTE: "<=",
    exp.GT: ">",
    exp.GTE: ">=",
    exp.NullSafeEQ: "IS NOT DISTINCT FROM",
    exp.NullSafeNEQ: "IS DISTINCT FROM",
}


class Comparisons(DuckDBGenerator):
    """The methods that write comparisons."""

    def sql(self, expression: exp.Expr | str | None, key: str | None = None, comment: bool = True) -> str:
        sql = super().sql(expression, key, comment)
        if key is None and isinstance(expression, exp.Expr) and identity.is_marked(expression):
            return identity.identity(sql, type_of(expression))
        return sql

    def value(self, node: exp.Expr) -> Value:
        """Return a node as the side of a comparison."""
        inner = node.unnest()
        inner = inner.this if isinstance(inner, exp.Cast | exp.Neg) else inner
        constant = isinstance(inner, exp.Literal) and not inner.name.strip("+-").lower().startswith("nan")
        return Value(self.sql(node), type_of(node), constant)

    def _comparison(self, expression: Any) -> str:
        operator = _OPERATORS[type(expression)]
        right = expression.expression
        if coercion.differ_in_padding(type_of(expression.left), type_of(right)):
            if isinstance(right, exp.All | exp.Any):
                raise not_supported(f"{position(expression)}: ANY and ALL with char are not in the emulator's engine")
            return f" {operator} ".join(self._same_length(expression.left, right))
        if is_plain(type_of(expression.left), type_of(right)):
            return self.binary(expression, operator)
        if isinstance(right, exp.All | exp.Any):
            return self._quantified(operator, expression, right.this, every=isinstance(right, exp.All))
        left_value, right_value = self.value(expression.left), self.value(right)
        result = compare(operator, left_value, right_value)
        if operator == "=" and type_of(right).this in NESTED and _is_condition(expression):
            # DuckDB joins by a hash only with its own equality, which holds wherever Trino's does.
            return f"({compare('IS NOT DISTINCT FROM', left_value, right_value)} AND {result})"
        return result

    eq_sql = neq_sql = lt_sql = lte_sql = gt_sql = gte_sql = nullsafeeq_sql = nullsafeneq_sql = _comparison

    def _same_length(self, left: exp.Expr, right: exp.Expr) -> tuple[str, str]:
        """Return the SQL of two sides; a char and another text are padded to the same length."""
        first, second = self.sql(left), self.sql(right)
        if not coercion.differ_in_padding(type_of(left), type_of(right)):
            return first, second
        size = f"CAST(greatest(length({first}), length({second})) AS INTEGER)"
        return f"rpad({first}, {size}, ' ')", f"rpad({second}, {size}, ' ')"

    def between_sql(self, node: exp.Between) -> str:
        low, high = node.args["low"], node.args["high"]
        if any(coercion.differ_in_padding(type_of(node.this), type_of(part)) for part in (low, high)):
            above, below = (
                " >= ".join(self._same_length(node.this, low)),
                " <= ".join(self._same_length(node.this, high)),
            )
            return f"({above} AND {below})"
        if is_plain(type_of(node.this), type_of(low)) and is_plain(type_of(node.this), type_of(high)):
            return f"({super().between_sql(node)})"
        value = self.value(node.this)
        return f"({compare('>=', value, self.value(low))} AND {compare('<=', value, self.value(high))})"

    def in_sql(self, node: exp.In) -> str:
        query = node.args.get("query")
        if query is not None:
            return self._in_query(node, query)
        if any(coercion.differ_in_padding(type_of(node.this), type_of(part)) for part in node.expressions):
            return f"({' OR '.join(' = '.join(self._same_length(node.this, part)) for part in node.expressions)})"
        if all(is_plain(type_of(node.this), type_of(part)) for part in node.expressions):
            return super().in_sql(node)
        value = self.value(node.this)
        return f"({' OR '.join(compare('=', value, self.value(part)) for part in node.expressions)})"

    def _in_query(self, node: exp.In, query: exp.Expr) -> str:
        if is_plain(type_of(node.this), query_type(query)):
            return super().in_sql(node)
        return self._member(node.this, query, condition=_is_condition(node))

    def _member(self, value: exp.Expr, query: exp.Expr, *, condition: bool) -> str:
        """Return the SQL of IN, by identity as in Trino: NaN is in a set that has it, and so is a row with a NULL.

        As a condition, Trino makes a join of it, which is by equality: such a value is then not equal to itself.
        """
        names, dt = self._columns(query)
        column = f"row({', '.join(names)})" if len(names) > 1 else "c0"
        left, right = (identity.identity(sql, kind) for sql, kind in ((self.sql(value), type_of(value)), (column, dt)))
        rows = f"{self._subquery(query)} AS cmp({', '.join(names)})"
        member = f"{left} IN (SELECT {right} FROM {rows})"
        if type_of(value).this is exp.DType.STRUCT:
            # DuckDB takes a row before IN for several values. In a list it is one, but a NULL is then a value too.
            member = (
                f"CASE WHEN {left} IS NULL THEN NULL IN (SELECT NULL FROM {rows}) "
                f"WHEN [{left}] IN (SELECT [{right}] FROM {rows}) THEN true "
                f"ELSE NULL IN (SELECT NULL FROM {rows} WHERE {right} IS NULL) END"
            )
        return f"({member} AND {compare('=', self.value(value), self.value(value))})" if condition else f"({member})"

    def _columns(self, query: exp.Expr) -> tuple[list[str], DataType]:
        """Return names for the columns of a query, and the type of its rows."""
        unnested = query.unnest()
        count = len(unnested.selects) if isinstance(unnested, exp.Query) else 1
        return [f"c{index}" for index in range(count)], query_type(query)

    def _quantified(self, operator: str, node: exp.Binary, query: exp.Expr, *, every: bool) -> str:
        """Return the SQL of a comparison with every, or any, row of a query."""
        if (operator, every) in (("=", False), ("<>", True)):
            return f"({'NOT ' * every}{self._member(node.left, query, condition=not every and _is_condition(node))})"
        names, dt = self._columns(query)
        right = Value(f"row({', '.join(names)})" if len(names) > 1 else "c0", dt)
        outcome = f"coalesce(CAST({compare(operator, self.value(node.left), right)} AS INTEGER) * 2, 1)"
        found, none = ("min", 2) if every else ("max", 0)
        return (
            f"(SELECT nullif(coalesce({found}({outcome}), {none}), 1) = 2 "
            f"FROM {self._subquery(query)} AS cmp({', '.join(names)}))"
        )

    def _subquery(self, query: exp.Expr) -> str:
        return self.sql(query) if isinstance(query, exp.Subquery) else f"({self.sql(query)})"

    def case_sql(self, node: exp.Case) -> str:
        if node.this is None or all(is_plain(type_of(node.this), type_of(part.this)) for part in node.args["ifs"]):
            return super().case_sql(node)
        value = self.value(node.this)
        whens = [
            f"WHEN {compare('=', value, self.value(part.this))} THEN {self.sql(part, 'true')}"
            for part in node.args["ifs"]
        ]
        default = f" ELSE {self.sql(node, 'default')}" if node.args.get("default") is not None else ""
        return f"CASE {' '.join(whens)}{default} END"


def _is_condition(node: exp.Expr) -> bool:
    """Return whether a comparison is a condition of WHERE, HAVING or ON, for which NULL is the same as false."""
    while isinstance(node.parent, exp.And | exp.Paren):
        node = node.parent
    return isinstance(node.parent, exp.Where | exp.Having) or (
        isinstance(node.parent, exp.Join) and node.arg_key == "on"
    )
