"""Values of Debezium: those whose meaning is in the schema of the event, and those that it does not send.

Source: Debezium documentation, "PostgreSQL connector", "Data type mappings" and "Toasted values"; Kafka Connect API,
org.apache.kafka.connect.data.
"""

import base64
import binascii
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import date, timedelta
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal
from typing import Any

from lakehouse.contracts.changes import Path, TimeUnit
from lakehouse.contracts.model import Column
from lakehouse.contracts.types import Kind
from lakehouse.readers.events.values import instant, since_1970
from lakehouse.readers.json_text import Nested, Number, render
from lakehouse.readers.values import LONGEST_NUMBER, RejectedError, show

_UNAVAILABLE = "__debezium_unavailable_value"
_UNAVAILABLES = (_UNAVAILABLE, base64.b64encode(_UNAVAILABLE.encode()).decode(), _UNAVAILABLE.encode().hex())
_EXACT = Context(prec=LONGEST_NUMBER, Emax=MAX_EMAX, Emin=MIN_EMIN, traps=[])


def is_unavailable(value: Nested) -> bool:
    """Return whether a value stands for one that the source did not send, because the change left it as it was."""
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    elif isinstance(value, dict) and value.keys() == {_UNAVAILABLE}:
        return True
    return isinstance(value, str) and not isinstance(value, Number) and value in _UNAVAILABLES


def read_by_schema(fields: dict[str, Nested], schema: Nested, path: Path) -> dict[str, str]:
    """Replace values whose meaning is in the schema of the event by text that the types of contracts read.

    Args:
        fields: columns of the row; a value that is not of its type becomes null.
        schema: schema of the event, as Kafka Connect writes it.
        path: where the row is in the event.

    Returns:
        The reason of each value that is not of its type, by its column.
    """
    for name in path:
        schema = _fields(schema).get(name)
    reasons: dict[str, str] = {}
    for column, type_ in _fields(schema).items():
        name, value = str(type_.get("name")), fields.get(column)
        if name not in _READ or value is None or is_unavailable(value):
            continue
        try:
            fields[column] = _READ[name](value, type_)
        except (RejectedError, ArithmeticError, ValueError, TypeError, KeyError, AttributeError):
            fields[column] = None
            reasons[column] = f"expected {name}, as the schema of the event says, found {show(render(value))}"
    return reasons


def _fields(schema: Nested) -> dict[str, dict[str, Nested]]:
    fields = schema.get("fields") if isinstance(schema, dict) else None
    named = (field for field in (fields if isinstance(fields, list) else ()) if isinstance(field, dict))
    return {str(field.get("field")): field for field in named}


def read_days(fields: dict[str, Nested], columns: Iterable[Column]) -> None:
    """Replace numbers in columns of dates: without a schema they are days since 1970, in each mode of Debezium."""
    for column in columns:
        value = fields.get(column.source_name)
        if column.type.kind is Kind.DATE and column.options.time_format is None and isinstance(value, Number):
            with suppress(ArithmeticError, ValueError):  # the type of the column rejects what is no day
                fields[column.source_name] = _day(value, None)


def _day(value: Nested, _schema: Any) -> str:
    return (date(1970, 1, 1) + timedelta(days=int(value))).isoformat()


def _time_of_day(unit: TimeUnit) -> Callable[[Nested, Any], str]:
    def read(value: Nested, _schema: Any) -> str:
        at = since_1970(render(value), unit)
        if at.date() != date(1970, 1, 1):
            raise ValueError("no time of a day")
        return at.time().isoformat()

    return read


def _instant(unit: TimeUnit) -> Callable[[Nested, Any], str]:
    def read(value: Nested, _schema: Any) -> str:
        return instant(since_1970(render(value), unit))

    return read


def _decimal(value: Nested, schema: Any) -> Number:
    return _unscaled(value, int(schema["parameters"]["scale"]))


def _variable_decimal(value: Nested, _schema: Any) -> Number:
    return _unscaled(value["value"], int(value["scale"]))


def _unscaled(value: Nested, scale: int) -> Number:
    try:
        data = base64.b64decode(value, validate=True)
    except binascii.Error as error:
        raise ValueError("no bytes") from error
    if len(data) > LONGEST_NUMBER // 4 or abs(scale) > LONGEST_NUMBER:
        raise ValueError("longer than any number of a contract")
    return Number(f"{Decimal(int.from_bytes(data, 'big', signed=True)).scaleb(-scale, context=_EXACT):f}")


_READ: dict[str, Callable[[Nested, Any], Nested]] = {
    "io.debezium.time.Date": _day,
    "org.apache.kafka.connect.data.Date": _day,
    "io.debezium.time.Time": _time_of_day(TimeUnit.MILLISECONDS),
    "org.apache.kafka.connect.data.Time": _time_of_day(TimeUnit.MILLISECONDS),
    "io.debezium.time.MicroTime": _time_of_day(TimeUnit.MICROSECONDS),
    "io.debezium.time.NanoTime": _time_of_day(TimeUnit.NANOSECONDS),
    "io.debezium.time.Timestamp": _instant(TimeUnit.MILLISECONDS),
    "org.apache.kafka.connect.data.Timestamp": _instant(TimeUnit.MILLISECONDS),
    "io.debezium.time.MicroTimestamp": _instant(TimeUnit.MICROSECONDS),
    "io.debezium.time.NanoTimestamp": _instant(TimeUnit.NANOSECONDS),
    "org.apache.kafka.connect.data.Decimal": _decimal,
    "io.debezium.data.VariableScaleDecimal": _variable_decimal,
}
"""By the name of a type in the schema: how its JSON becomes text; JSON of all other types is what it says."""
