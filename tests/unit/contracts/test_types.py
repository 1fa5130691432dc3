import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyiceberg.catalog.glue import _IcebergSchemaToGlueType
from pyiceberg.io.pyarrow import schema_to_pyarrow
from pyiceberg.schema import Schema, visit
from pyiceberg.types import NestedField, TimestampType, TimeType, UUIDType

from lakehouse.contracts import types
from lakehouse.contracts.types import Kind, Type, can_widen, from_iceberg
from lakehouse.errors import LakehouseError

FIELD_NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True)


@st.composite
def decimals(draw: st.DrawFn) -> Type:
    precision = draw(st.integers(1, types.MAX_DECIMAL_PRECISION))
    return types.decimal(precision, draw(st.integers(0, precision)))


scalars = st.one_of(
    st.sampled_from([Type(kind) for kind in Kind if kind not in (Kind.DECIMAL, Kind.LIST, Kind.STRUCT)]), decimals()
)
all_types = st.recursive(
    scalars,
    lambda inner: st.one_of(
        inner.map(types.list_of), st.dictionaries(FIELD_NAMES, inner, min_size=1, max_size=4).map(types.struct_of)
    ),
    max_leaves=6,
)


@st.composite
def wider(draw: st.DrawFn, type_: Type) -> Type:
    """Some type that `type_` widens to, itself included."""
    match type_.kind:
        case Kind.INT:
            return draw(st.sampled_from([types.INT, types.LONG]))
        case Kind.FLOAT:
            return draw(st.sampled_from([types.FLOAT, types.DOUBLE]))
        case Kind.DECIMAL:
            return types.decimal(draw(st.integers(type_.precision, types.MAX_DECIMAL_PRECISION)), type_.scale)
        case Kind.LIST:
            assert type_.element is not None
            return types.list_of(draw(wider(type_.element)))
        case Kind.STRUCT:
            return types.struct_of({name: draw(wider(inner)) for name, inner in type_.fields})
    return type_


@given(all_types)
def test_iceberg_gives_back_the_same_type(type_: Type) -> None:
    assert from_iceberg(type_.iceberg) == type_


@given(all_types)
def test_iceberg_and_arrow_agree(type_: Type) -> None:
    schema = Schema(NestedField(field_id=1_000, name="column", field_type=type_.iceberg, required=False))

    arrow = schema_to_pyarrow(schema, include_field_ids=False).field("column").type

    assert without_large(arrow) == without_large(type_.arrow)


def without_large(type_: pa.DataType) -> pa.DataType:
    """Arrow's large_ and plain types hold the same values, and names of list elements say nothing."""
    if pa.types.is_large_string(type_):
        return pa.string()
    if pa.types.is_large_binary(type_):
        return pa.binary()
    if pa.types.is_list(type_) or pa.types.is_large_list(type_):
        return pa.list_(without_large(type_.value_type))
    if pa.types.is_struct(type_):
        return pa.struct([pa.field(field.name, without_large(field.type)) for field in type_])
    return type_


@given(all_types)
def test_glue_types_are_those_that_pyiceberg_puts_into_the_catalog(type_: Type) -> None:
    assert visit(type_.iceberg, _IcebergSchemaToGlueType()) == type_.glue


@given(all_types)
def test_spark_writes_glue_types_with_quoted_fields(type_: Type) -> None:
    assert type_.spark.replace("`", "") == type_.glue


@given(all_types)
def test_types_are_keys_and_read_back_from_text(type_: Type) -> None:
    assert {type_: 1}[from_iceberg(type_.iceberg)] == 1
    assert "Kind" not in str(type_)


@given(all_types)
def test_every_type_widens_to_itself(type_: Type) -> None:
    assert can_widen(type_, type_)


@given(all_types, all_types)
def test_two_types_that_widen_to_each_other_are_one(one: Type, other: Type) -> None:
    assert (can_widen(one, other) and can_widen(other, one)) == (one == other)


@given(st.data(), all_types)
def test_widening_twice_is_widening(data: st.DataObject, first: Type) -> None:
    second = data.draw(wider(first))
    third = data.draw(wider(second))

    assert can_widen(first, second)
    assert can_widen(second, third)
    assert can_widen(first, third)
    assert can_widen(third, first) == (first == third)


@given(all_types, FIELD_NAMES, scalars)
def test_a_struct_may_gain_fields_but_not_lose_them(inner: Type, name: str, added: Type) -> None:
    old = types.struct_of({"first": inner})
    new = types.struct_of({"first": inner, f"{name}_added": added})

    assert can_widen(old, new)
    assert not can_widen(new, old)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (types.LONG, types.INT),
        (types.INT, types.DOUBLE),
        (types.INT, types.decimal(10, 0)),
        (types.DATE, types.TIMESTAMP),  # format version 3 alone
        (types.decimal(10, 2), types.decimal(12, 3)),
        (types.decimal(10, 2), types.decimal(9, 2)),
        (types.INT, types.STRING),
        (types.list_of(types.LONG), types.list_of(types.INT)),
        (types.struct_of({"a": types.INT, "b": types.INT}), types.struct_of({"b": types.INT, "a": types.INT})),
    ],
)
def test_what_changes_values_or_files_is_no_widening(old: Type, new: Type) -> None:
    assert not can_widen(old, new)


@pytest.mark.parametrize("digits", [(0, 0), (39, 2), (4, 5), (4, -1)])
def test_decimals_that_no_engine_has_are_refused(digits: tuple[int, int]) -> None:
    with pytest.raises(LakehouseError, match="does not exist"):
        types.decimal(*digits)


@pytest.mark.parametrize("foreign", [TimestampType(), TimeType(), UUIDType()])
def test_types_of_other_tools_are_named(foreign: TimestampType | TimeType | UUIDType) -> None:
    with pytest.raises(LakehouseError, match=str(foreign)):
        from_iceberg(foreign)
