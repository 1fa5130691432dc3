"""DuckDB SQL of a typed Trino query.

One file, since sqlglot wants one generator class with a method for each kind of expression.
"""

import typing as t
from types import SimpleNamespace

from sqlglot import exp
from sqlglot.dialects.duckdb import DuckDB
from sqlglot.errors import ErrorLevel, UnsupportedError
from sqlglot.expressions import DataType, DType
from sqlglot.generators.duckdb import DuckDBGenerator

from emulator.athena.duckdb import identity, intervals, zones
from emulator.athena.duckdb.casts import cast, cast_literal, padded
from emulator.athena.duckdb.comparisons import Comparisons
from emulator.athena.duckdb.custom_functions import CUSTOM_FUNCTIONS
from emulator.athena.duckdb.time_functions import TIME_FUNCTIONS
from emulator.athena.duckdb.unnest import unnest
from emulator.athena.runtime import json_text, sql_text, sql_types, type_names
from emulator.athena.runtime.errors import AthenaError, not_supported, position
from emulator.athena.typing.calls import CHAR_FUNCTIONS
from emulator.athena.typing.signature import type_of

_OWN = (
    *(exp.Anonymous, exp.Window, exp.Filter, exp.IgnoreNulls, exp.RespectNulls, exp.WithinGroup, exp.Lambda, exp.Dot),
    *(exp.Bracket, exp.Cast, exp.TryCast, exp.Div, exp.Mod, exp.Mul, exp.Add, exp.Sub, exp.DPipe, exp.AtTimeZone),
    *(exp.Unnest, exp.HexString, exp.Identifier, exp.Select, exp.Array, exp.Interval, exp.In, exp.Between, exp.Case),
    *(exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.NullSafeEQ, exp.NullSafeNEQ, exp.ParseJSON),
)
_FUNCTIONS = {**CUSTOM_FUNCTIONS, **TIME_FUNCTIONS}


def duckdb_sql(tree: exp.Expr) -> str:
    """Return the DuckDB SQL of a typed tree.

    Raises:
        AthenaError: NOT_SUPPORTED: DuckDB has no equivalent of an expression or clause.
    """
    identity.mark(tree)
    try:
        return Generator(dialect=_Target(), identify=True, comments=False, unsupported_level=ErrorLevel.RAISE).generate(
            tree
        )
    except UnsupportedError as error:
        raise not_supported(str(error)) from None


_DIGITS_OF_64_BITS = 18


class _Argument:
    """An argument of a function's template: its SQL, and the wall clock and zone of a timestamp."""

    def __init__(self, generator: "Generator", node: exp.Expr) -> None:
        self._generator, self._node = generator, node

    def __format__(self, _: str) -> str:
        return self._generator.sql(self._node)

    @property
    def local(self) -> str:
        return self._generator.local(self._node)

    @property
    def offset(self) -> str:
        """SQL of the interval between the wall clock and UTC."""
        return f"({self.local} - ({self._generator.instant(self._node)} AT TIME ZONE 'UTC'))"


class Generator(Comparisons):
    """sqlglot's generator of DuckDB SQL, with Trino's meaning of functions, casts and operators."""

    TRANSFORMS: t.ClassVar[dict[type[exp.Expr], t.Callable[..., str]]] = {
        kind: rule for kind, rule in DuckDBGenerator.TRANSFORMS.items() if kind not in _OWN
    }

    def __init__(self, **options: t.Any) -> None:
        super().__init__(**options)
        self._names: list[dict[str, str]] = []

    # --- functions -------------------------------------------------------------------------------------------

    def anonymous_sql(self, node: exp.Anonymous, *, over: str = "", nulls: str = "", order: str = "") -> str:
        template = node.meta["function"].template
        if template.startswith("@"):
            sql = _FUNCTIONS[template[1:]](self, node).replace("{order}", order)
        else:
            arguments = [_Argument(self, part) for part in node.expressions]
            first = node.expressions[0] if node.expressions else None
            if isinstance(first, exp.Distinct) and len(first.expressions) > 1:
                if not template.startswith(f"{node.name.lower()}({{0}}, "):
                    raise not_supported(f"{position(node)}: {node.name.lower()} of DISTINCT values")
                distinct = exp.Distinct(expressions=[first.expressions[0]])
                arguments = [_Argument(self, part) for part in (distinct, *first.expressions[1:])]
            dt = type_of(node)
            sql = template.replace("{*}", "{every}").format(
                *arguments,
                every=", ".join(self.sql(part) for part in node.expressions) if "{*}" in template else "",
                over=over,
                nulls=nulls,
                p=SimpleNamespace(**node.meta["bindings"].numbers),
                type=type_names.duckdb_name(dt) if "{type}" in template else "",
            )
        if node.name.lower() in CHAR_FUNCTIONS and type_of(node).this is DType.CHAR:
            sql = padded(sql, type_of(node))
        return sql if "{over}" in template else f"{sql}{over}"

    def _aggregate(self, expression: exp.Expr) -> str:
        """Return the SQL of a call with the clauses around it: OVER, FILTER, IGNORE NULLS, WITHIN GROUP."""
        node, over, condition, nulls, order = expression, "", "", "", ""
        while not isinstance(node, exp.Anonymous):
            match node:
                case exp.Window():
                    bare = node.copy()
                    bare.set("this", exp.Var(this=""))
                    over = super().window_sql(bare)
                case exp.Filter():
                    if over:
                        raise not_supported(f"{position(node)}: FILTER is not yet supported for window functions")
                    condition = f" FILTER ({self.sql(node.expression).strip()})"
                case exp.IgnoreNulls():
                    nulls = " IGNORE NULLS"
                case exp.WithinGroup():
                    order = f" {self.sql(node.expression).strip()}"
                case exp.RespectNulls():
                    pass
                case _:
                    raise not_supported(f"{position(node)}: a window over this expression")
            node = node.this
        return self.anonymous_sql(node, over=condition + over, nulls=nulls, order=order)

    window_sql = filter_sql = ignorenulls_sql = respectnulls_sql = withingroup_sql = _aggregate

    def lambda_sql(self, node: exp.Lambda, arrow_sep: str = "->", wrap: bool = True) -> str:
        return f"lambda {', '.join(self.sql(name) for name in node.expressions)}: {self.sql(node.this)}"

    def inline(self, function: exp.Lambda, arguments: list[str]) -> str:
        """Return the SQL of a lambda's body with SQL in place of its parameters."""
        names = [identifier.name for identifier in function.expressions]
        self._names.append(dict(zip(names, arguments, strict=True)))
        body = self.sql(function.this)
        self._names.pop()
        return f"({body})"

    def identifier_sql(self, node: exp.Identifier) -> str:
        for names in reversed(self._names):
            if node.name in names and not isinstance(node.parent, exp.Column | exp.TableAlias):
                return names[node.name]
        return super().identifier_sql(node)

    # --- time ------------------------------------------------------------------------------------------------

    def local(self, node: exp.Expr) -> str:
        """Return the SQL of the wall clock of a date or timestamp."""
        dt = type_of(node)
        if dt.this is not DType.TIMESTAMPTZ:
            return self.sql(node)
        return zones.wall_clock(self.sql(node), sql_types.zone(dt))

    def instant(self, node: exp.Expr) -> str:
        """Return the SQL of the point in time of a timestamp; a timestamp without a zone is in UTC."""
        if type_of(node).this in (DType.DATE, DType.TIMESTAMP):
            return f"({self._utc(node)} AT TIME ZONE 'UTC')"
        # The result gets another zone, so that the offset in the text does not matter.
        return self.sql(node).replace("trino_iso8601(", "trino_iso8601_instant(", 1)

    def attimezone_sql(self, node: exp.AtTimeZone) -> str:
        return self.instant(node.this)

    def interval_sql(self, node: exp.Interval) -> str:
        return intervals.interval(node)

    # --- casts and operators ---------------------------------------------------------------------------------

    def cast_sql(self, node: exp.Cast, safe_prefix: str | None = None) -> str:
        inner, target, safe = node.this, type_of(node), isinstance(node, exp.TryCast)
        if isinstance(inner, exp.Cast) and _is_too_fine(type_of(inner)) and target.this is type_of(inner).this:
            inner = inner.this  # a literal with more digits than DuckDB has, which is rounded to fewer
        for part in sql_types.parts(target):
            if _is_too_fine(part) or part.this is DType.TIMETZ:
                raise not_supported(f"{position(node)}: {type_names.trino_name(part)} is not in the emulator's engine")
        if isinstance(inner, exp.Literal) and inner.is_string and target.this is DType.TIMESTAMPTZ:
            return cast_literal(inner.name, target=target, safe=safe)
        return cast(self.sql(inner), source=type_of(inner), target=target, safe=safe, place=position(node))

    def parsejson_sql(self, node: exp.ParseJSON) -> str:
        if not json_text.is_document(node.this.name):
            raise AthenaError("INVALID_LITERAL", f"{position(node)}: '{node.this.name}' is not a valid JSON literal")
        return f"trino_json_parse({self.sql(node.this)})"

    def trycast_sql(self, node: exp.TryCast) -> str:
        return self.cast_sql(node)

    def div_sql(self, node: exp.Div) -> str:
        a, b, result = type_of(node.left), type_of(node.right), type_of(node)
        left, right = self.sql(node.left), self.sql(node.right)
        if result.this is DType.DECIMAL:
            (_, s1), (_, s2) = sql_types.precision_scale(a), sql_types.precision_scale(b)
            scale = sql_types.precision_scale(result)[1]
            return f"CAST(trino_divide({left}, {right}, {s1}, {s2}, {scale}) AS {type_names.duckdb_name(result)})"
        if result.this in sql_types.INTEGERS:
            return f"({left} // {right})"
        if result.this is DType.FLOAT:
            return f"CAST({left} / {right} AS REAL)"
        if result.this is DType.UNKNOWN:
            raise not_supported(f"{position(node)}: a division whose operands' types are not known")
        return f"({left} / {right})"

    def mod_sql(self, node: exp.Mod) -> str:
        left, right = self.sql(node.left), self.sql(node.right)
        if type_of(node).this in (DType.FLOAT, DType.DOUBLE):
            return f"fmod({left}, {right})"
        sizes = [sql_types.precision_scale(type_of(side)) for side in (node.left, node.right)]
        if type_of(node).this is DType.DECIMAL and max(p - s for p, s in sizes) + max(s for _, s in sizes) > 38:
            raise not_supported(f"{position(node)}: % of decimals with more than 38 digits together")
        return f"trino_mod({left}, {right})"

    def mul_sql(self, node: exp.Mul) -> str:
        return self._wide(node, "*") or self.binary(node, "*")

    def _wide(self, node: exp.Binary, operator: str) -> str | None:
        """Return the SQL of an operation whose decimal result DuckDB would not give more digits than 64 bits hold."""
        result, left = type_of(node), type_of(node.left)
        if result.this is not DType.DECIMAL or sql_types.precision_scale(result)[0] <= _DIGITS_OF_64_BITS:
            return None
        precision, scale = sql_types.precision_scale(left)
        wide = type_names.duckdb_name(sql_types.decimal(max(precision, _DIGITS_OF_64_BITS + 1), scale))
        return f"(CAST({self.sql(node.left)} AS {wide}) {operator} {self.sql(node.right)})"

    def add_sql(self, node: exp.Add) -> str:
        return self._shifted(node, "+")

    def sub_sql(self, node: exp.Sub) -> str:
        a, b = type_of(node.left), type_of(node.right)
        if a.this in sql_types.TIMES and b.this in sql_types.TIMES:
            left, right = (self._utc(part) for part in (node.left, node.right))
            return f"({left} - {right})"
        return self._shifted(node, "-")

    def _utc(self, node: exp.Expr) -> str:
        """Return the SQL of the clock of UTC at a date or timestamp, so that differences are those of instants."""
        if type_of(node).this is DType.TIMESTAMPTZ:
            return f"({self.sql(node)} AT TIME ZONE 'UTC')"
        return f"CAST({self.sql(node)} AS TIMESTAMP)"

    def _shifted(self, node: exp.Binary, operator: str) -> str:
        """Return the SQL of `+` or `-`. A date stays a date and takes only whole days, as in Trino.

        Intervals of days are added to the point in time, those of months to the wall clock of its zone.
        Source: https://github.com/trinodb/trino/issues/23200
        """
        result = type_of(node)
        if result.this is DType.TIMESTAMPTZ:
            moment, step = (
                (node.left, node.right) if type_of(node.left).this is DType.TIMESTAMPTZ else (node.right, node.left)
            )
            if sql_types.is_month_interval(type_of(step)):
                moved = f"({self.local(moment)} {operator} {self.sql(step)})"
                return zones.instant(moved, sql_types.zone(result))
        if result.this is not DType.DATE:
            return self._wide(node, operator) or self.binary(node, operator)
        verb = "add hour, minutes or seconds to" if operator == "+" else "subtract hour, minutes or seconds from"
        left, right = (
            f"trino_whole_days({self.sql(part)}, {sql_text.literal(verb)})"
            if type_of(part).this is DType.INTERVAL and not sql_types.is_month_interval(type_of(part))
            else self.sql(part)
            for part in (node.left, node.right)
        )
        return f"CAST(({left} {operator} {right}) AS DATE)"

    def dpipe_sql(self, node: exp.DPipe) -> str:
        parts = [
            sql if type_of(node).this is not DType.ARRAY or type_of(part).this is DType.ARRAY else f"[{sql}]"
            for part in (node.left, node.right)
            for sql in [self.sql(part)]
        ]
        return f"({' || '.join(parts)})"

    def hexstring_sql(self, node: exp.HexString, binary_function_repr: str | None = None) -> str:
        return f"unhex('{node.name}')"

    # --- arrays, maps, rows ----------------------------------------------------------------------------------

    def array_sql(self, node: exp.Array) -> str:
        return f"[{', '.join(self.sql(part) for part in node.expressions)}]"

    def bracket_sql(self, node: exp.Bracket) -> str:
        whole, key = self.sql(node.this), self.sql(node.expressions[0])
        match type_of(node.this).this:
            case DType.ARRAY:
                return f"trino_subscript({whole}, {key})"
            case DType.MAP:
                return f"trino_map_value({whole}, {key})"
            case DType.STRUCT:
                return f"struct_extract({whole}, {self._field(node.this, int(key) - 1)})"
        raise not_supported(f"{position(node)}: a subscript of a value whose type is not known")

    def dot_sql(self, node: exp.Dot) -> str:
        if type_of(node.this).this is not DType.STRUCT:
            return super().dot_sql(node)
        return f"struct_extract({self.sql(node.this)}, {sql_text.literal(node.expression.name)})"

    def _field(self, node: exp.Expr, index: int) -> str:
        name, _ = sql_types.fields(type_of(node))[index]
        return sql_text.literal(name) if name else str(index + 1)

    def unnest_sql(self, node: exp.Unnest) -> str:
        return unnest([self.sql(part) for part in node.expressions], node)


def _is_too_fine(dt: DataType) -> bool:
    """Return whether a time or timestamp has more digits than DuckDB's."""
    return dt.this in (DType.TIME, *sql_types.TIMES[1:]) and sql_types.digits(dt) > sql_types.MOST_DIGITS


class _Target(DuckDB):
    INDEX_OFFSET = 0
    Generator = Generator  # type: ignore[assignment]
