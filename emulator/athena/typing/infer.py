"""Type inference: the types of a qualified query's expressions by Trino's rules, and Trino's errors for wrong types."""

import typing as t

from sqlglot import exp
from sqlglot.dialects.trino import Trino
from sqlglot.expressions import DataType, DType
from sqlglot.schema import MappingSchema

from emulator.athena.parsing.dialect import AthenaSql
from emulator.athena.runtime import sql_types, type_names
from emulator.athena.runtime.errors import AthenaError, not_supported, position
from emulator.athena.typing import calls, operators
from emulator.athena.typing.annotator import Annotator
from emulator.athena.typing.signature import type_of


def annotate(tree: exp.Expr, *, schema: dict[str, dict[str, DataType]]) -> exp.Expr:
    """Annotate every expression of a qualified tree with its type, and return the tree.

    Args:
        tree: the qualified query.
        schema: column types by table name.

    Raises:
        AthenaError: TYPE_MISMATCH, FUNCTION_NOT_FOUND ... with the message of Trino's analyzer.
    """
    mapping = MappingSchema(t.cast(dict[str, object], schema), dialect=AthenaSql, normalize=False)
    return Annotator(schema=mapping, expression_metadata=_METADATA).annotate(tree)


def _literal(self: Annotator, node: exp.Literal) -> None:
    if node.is_string:
        self._set_type(node, sql_types.VARCHAR)
    elif "e" in node.name.lower():
        self._set_type(node, sql_types.DOUBLE)
    elif "." in node.name:
        whole, fraction = node.name.split(".")
        self._set_type(node, sql_types.decimal(len(whole.lstrip("0")) + len(fraction) or 1, len(fraction)))
    else:
        self._set_type(node, sql_types.INT if int(node.name) < 2**31 else sql_types.BIGINT)


def _branches(self: Annotator, node: exp.Case | exp.If) -> None:
    if isinstance(node, exp.Case):
        for part in node.args["ifs"]:
            if node.this is None:
                operators.require_boolean(part.this, what="CASE WHEN clause")
            else:
                what = "CASE operand and WHEN value"
                operators.common_type(type_of(node.this), type_of(part.this), place=position(part.this), what=what)
    elif not isinstance(node.parent, exp.Case):
        operators.require_boolean(node.this, what="IF condition")
    branches = [part.args["true"] for part in node.args["ifs"]] if isinstance(node, exp.Case) else [node.args["true"]]
    branches += [other for other in (node.args.get("default"), node.args.get("false")) if other is not None]
    result = sql_types.NULL
    what = "All CASE results" if isinstance(node, exp.Case) else "Result types for IF"
    for branch in branches:
        result = operators.common_type(result, type_of(branch), place=position(branch), what=what)
    self._set_type(node, result)


def _clause(self: Annotator, node: exp.Where | exp.Having) -> None:
    operators.require_boolean(node.this, what=f"{node.key.upper()} clause", actual=": actual type {}")
    self._set_type(node, sql_types.BOOLEAN)


def _join(self: Annotator, node: exp.Join) -> None:
    if node.args.get("on") is not None:
        operators.require_boolean(node.args["on"], what="JOIN ON clause", actual=": actual type {}")
    self._set_type(node, sql_types.UNKNOWN)


def _array(self: Annotator, node: exp.Array) -> None:
    element = sql_types.NULL
    for part in node.expressions:
        element = operators.common_type(element, type_of(part), place=position(part), what="All ARRAY elements")
    self._set_type(node, sql_types.array(element))


def _bracket(self: Annotator, node: exp.Bracket) -> None:
    whole = type_of(node.this)
    if whole.this in (DType.ARRAY, DType.MAP):
        self._set_type(node, whole.expressions[-1])
    elif whole.this is DType.STRUCT:
        self._set_type(node, sql_types.fields(whole)[int(node.expressions[0].name) - 1][1])
    else:
        self._set_type(node, sql_types.UNKNOWN)


def _dot(self: Annotator, node: exp.Dot) -> None:
    whole = type_of(node.this)
    if whole.this is not DType.STRUCT:
        self._set_type(node, sql_types.UNKNOWN)
        return
    for name, dt in sql_types.fields(whole):
        if name.lower() == node.expression.name.lower():
            self._set_type(node, dt)
            return
    raise AthenaError(
        "COLUMN_NOT_FOUND", f"{position(node.expression)}: Field '{node.expression.name}' cannot be resolved"
    )


def _unnest(self: Annotator, node: exp.Unnest) -> None:
    columns: list[DataType] = []
    for part in node.expressions:
        dt = type_of(part)
        if dt.this is DType.MAP:
            columns += dt.expressions
        elif dt.this is DType.ARRAY and dt.expressions[0].this is DType.STRUCT:
            columns += [field for _, field in sql_types.fields(dt.expressions[0])]
        elif dt.this is DType.ARRAY:
            columns.append(dt.expressions[0])
        else:
            raise AthenaError(
                "TYPE_MISMATCH", f"{position(part)}: Cannot unnest type: {type_names.trino_name(type_of(part))}"
            )
    if node.args.get("offset"):
        columns.append(sql_types.BIGINT)
    offset = node.args.get("offset")
    names = [*node.alias_column_names, *([offset.name] if isinstance(offset, exp.Identifier) else [])]
    if len(names) != len(columns):
        raise AthenaError(
            "MISMATCHED_COLUMN_ALIASES",
            f"{position(node)}: Column alias list has {len(names)} entries but relation has {len(columns)} columns",
        )
    self._set_type(node, sql_types.row(list(zip(names, columns, strict=True))))


def _interval(self: Annotator, node: exp.Interval) -> None:
    unit = node.args.get("unit")
    first = unit.this.name if isinstance(unit, exp.IntervalSpan) else node.text("unit")
    month = first.upper() in ("YEAR", "MONTH")
    self._set_type(node, sql_types.INTERVAL_MONTH if month else sql_types.INTERVAL_DAY)


def _quantified(self: Annotator, node: exp.All | exp.Any) -> None:
    query = node.this.unnest()
    if not isinstance(query, exp.Query):
        raise not_supported(f"{position(node)}: ANY or ALL of an expression that is not a query")
    self._set_type(node, type_of(query.selects[0]))


def _same(self: Annotator, node: exp.Expr) -> None:
    """Type a node like the expression in it; the DISTINCT of a SELECT has none."""
    inner = node.this if node.this is not None else next(iter(node.expressions), None)
    self._set_type(node, sql_types.UNKNOWN if inner is None else type_of(inner))


def _cast(self: Annotator, node: exp.Cast) -> None:
    target = sql_types.normal(node.args["to"])
    if target.this is DType.TIMESTAMPTZ:
        source = type_of(node.this)
        zone = sql_types.zone_mark(source) if source.this is DType.TIMESTAMPTZ else sql_types.UTC
        if isinstance(node.this, exp.Literal) and (wall_and_zone := sql_types.split_zone(node.this.name)):
            zone = wall_and_zone[1]
        target = sql_types.timestamp_tz(sql_types.digits(target), zone=zone)
    self._set_type(node, target)


def _annotators(rule: t.Callable[..., None], *kinds: type[exp.Expr]) -> dict[type[exp.Expr], dict[str, t.Any]]:
    return {kind: {"annotator": rule} for kind in kinds}


_METADATA: dict[type[exp.Expr], dict[str, t.Any]] = {
    **Trino.EXPRESSION_METADATA,
    **_annotators(
        operators.compare, exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.NullSafeEQ, exp.NullSafeNEQ
    ),
    **_annotators(operators.members, exp.In, exp.Between),
    **_annotators(operators.arithmetic, exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod),
    **_annotators(operators.tuple_row, exp.Tuple),
    **_annotators(operators.logical, exp.And, exp.Or, exp.Not),
    **_annotators(operators.like, exp.Like, exp.Escape),
    **_annotators(_literal, exp.Literal),
    **_annotators(operators.concatenation, exp.DPipe),
    **_annotators(_branches, exp.Case, exp.If),
    **_annotators(_clause, exp.Where, exp.Having),
    **_annotators(_join, exp.Join),
    **_annotators(_array, exp.Array),
    **_annotators(_bracket, exp.Bracket),
    **_annotators(_dot, exp.Dot),
    **_annotators(_unnest, exp.Unnest),
    **_annotators(_interval, exp.Interval),
    **_annotators(_quantified, exp.All, exp.Any),
    **_annotators(_cast, exp.Cast, exp.TryCast),
    **_annotators(calls.at_time_zone, exp.AtTimeZone),
    **_annotators(calls.annotate_call, exp.Anonymous),
    **_annotators(
        _same,
        *(exp.Alias, exp.Paren, exp.Neg, exp.Filter, exp.Window, exp.WithinGroup, exp.Distinct, exp.Order),
        *(exp.Ordered, exp.IgnoreNulls, exp.RespectNulls, exp.Lambda),
    ),
    exp.HexString: {"returns": DType.VARBINARY},
}
