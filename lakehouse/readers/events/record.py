"""Take an event of JSON apart: the row that it is about, with its operation, commit time and change sequence."""

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from lakehouse.contracts import columns, dms
from lakehouse.contracts.changes import Changes, Path
from lakehouse.contracts.model import Column, Contract
from lakehouse.readers.events import debezium, values
from lakehouse.readers.events.columns import COMMIT_TIME, OPERATION, SEQUENCE
from lakehouse.readers.json_text import Nested, render
from lakehouse.readers.values import RejectedError, show

Reason = tuple[str, str]
"""A column of raw, and why its value is rejected."""


class Row(NamedTuple):
    """The row of an event.

    Attributes:
        fields: its columns, by the source's names, and the columns of `events.columns`.
        reasons: why it is rejected; empty if nothing of the event is wrong.
    """

    fields: dict[str, Nested]
    reasons: list[Reason]


def is_no_record(event: Nested, changes: Changes) -> bool:
    """Return whether an event states nothing about a row: Kafka's tombstone, or a word such as `bootstrap-start`."""
    event, _ = _unwrapped(event, changes)
    if event is None:
        return changes.preset == "debezium"
    return _text(_at(event, changes.operation)) in changes.without_row


def row_of(event: Mapping[str, Nested], contract: Contract, changes: Changes) -> Row:
    """Return the row of an event.

    Args:
        event: the event, an object that is a record.
        contract: has the columns.
        changes: form of the event.

    Raises:
        ValueError: the event has no row; the message is the reason.
    """
    event, schema = _unwrapped(event, changes)
    word = _text(_at(event, changes.operation))
    reasons: list[Reason] = []

    def kept(column: str, value: Callable[[], str | None]) -> str | None:
        try:
            return value()
        except RejectedError as error:
            reasons.append((column, str(error)))
            return None

    operation = kept(columns.OPERATION, lambda: values.operation(word, changes))
    path = changes.deleted if operation == dms.DELETE else changes.after
    image = _at(event, path)
    if operation is None and not isinstance(image, dict):  # the row of a word that nobody knows may be in either
        image = _at(event, changes.deleted)
    if not isinstance(image, dict):
        if operation is None:
            raise ValueError(reasons[0][1])
        raise ValueError(_no_row(operation, path, image))
    # A flat record has fields about the change next to its columns.
    source_columns = contract.source_columns
    fields = {name: image[name] for name in image if name in source_columns or name not in changes.own_fields}
    if operation == dms.DELETE:
        # Of a deleted row Debezium may send defaults for all columns but the key; no rule of theirs may keep it.
        of_delete = {column.source_name for column in contract.columns if column.name in _of_delete(contract)}
        fields = {name: value for name, value in fields.items() if name in of_delete}
    if schema is not None:
        names = {column.source_name: column.name for column in contract.columns}
        wrong = debezium.read_by_schema(fields, schema, path)
        reasons += [(names[column], reason) for column, reason in wrong.items() if column in names]
    elif changes.preset == "debezium":
        debezium.read_days(fields, contract.columns)
    fields[OPERATION] = operation
    fields[COMMIT_TIME] = kept(
        columns.COMMIT_TIMESTAMP, lambda: values.commit_time(_text(_at(event, changes.time or ())), changes)
    )
    order = [_order(event, part.path, changes) for part in changes.order]
    is_load = word in changes.loads
    fields[SEQUENCE] = kept(columns.CHANGE_SEQUENCE, lambda: values.sequence(order, changes, is_load=is_load))
    reasons += _unsent(fields, contract, changes, operation)
    if operation in (dms.INSERT, dms.UPDATE) and changes.before is not None:
        reasons += _other_key(_at(event, changes.before), image, contract)
    return Row(fields, reasons)


def _of_delete(contract: Contract) -> tuple[str, ...]:
    return (*contract.key, *contract.ordering)


def _unwrapped(event: Nested, changes: Changes) -> tuple[Nested, Nested]:
    """Return an event without Kafka Connect's wrapper, and the schema in the wrapper."""
    if changes.preset != "debezium" or not isinstance(event, dict) or "payload" not in event or "op" in event:
        return event, None
    return event["payload"], event.get("schema")


def _at(value: Nested, path: Path) -> Nested:
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _order(event: Nested, path: Path, changes: Changes) -> str | None:
    """Return the text of a part of the order; the last change of Maxwell's transaction has `commit`, and no offset.

    Source: Maxwell's Daemon, "Data Format".
    """
    value = _at(event, path)
    if value is None and changes.preset == "maxwell" and path == ("xoffset",) and event.get("commit") is True:
        return "9" * values.DIGITS
    return _text(value)


def _text(value: Nested) -> str | None:
    return None if value is None else render(value)


def _no_row(operation: str, path: Path, image: Nested) -> str:
    found = "none" if image is None else show(render(image))
    if operation == dms.DELETE and image is None:
        found += "; a delete names at least the key of its row: in PostgreSQL, set a REPLICA IDENTITY"
    return f"expected a row in {'.'.join(path) or 'the event'}, found {found}"


def _unsent(fields: dict[str, Nested], contract: Contract, changes: Changes, operation: str | None) -> Iterable[Reason]:
    """Yield a reason for each column whose value the event does not have; null would replace the right value."""
    for column in contract.columns:
        if column.source_name not in fields:
            if operation in (dms.INSERT, dms.UPDATE) and not changes.omits_nulls:
                reason = f"column {column.source_name} is missing from the event: renamed or dropped at the source?"
                yield column.name, reason
        elif changes.preset == "debezium" and debezium.is_unavailable(fields[column.source_name]):
            fields[column.source_name] = None
            yield column.name, "an unchanged value that the source did not send: set REPLICA IDENTITY FULL"


def _other_key(before: Nested, after: Mapping[str, Nested], contract: Contract) -> Iterable[Reason]:
    """Yield a reason for each column of the key that the change gave another value: its row would stay."""
    if not isinstance(before, dict):
        return
    key: Iterable[Column] = (column for column in contract.columns if column.name in contract.key)
    for column in key:
        name = column.source_name
        if name in before and before[name] != after.get(name):
            was, is_ = (show(_text(value) or "null") for value in (before[name], after.get(name)))
            reason = f"the change gave the key another value, {was} before and {is_} after: send a delete and an insert"
            yield column.name, reason
