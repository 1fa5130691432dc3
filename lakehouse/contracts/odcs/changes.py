"""Read the custom property `changes`: the form of the change events of files, streams and APIs."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from lakehouse.contracts import dms
from lakehouse.contracts.changes import Changes, Order, OrderType, Path, TimeUnit
from lakehouse.contracts.model import Ingest, Source
from lakehouse.contracts.odcs.custom import Setting, texts
from lakehouse.contracts.violations import Violations, YamlPath, one_of

PRESETS = {
    # Source: Debezium documentation, "PostgreSQL connector", "Data change events".
    "debezium": Changes(
        preset="debezium",
        operation=("op",),
        operations=(("c", dms.INSERT), ("r", dms.INSERT), ("u", dms.UPDATE), ("d", dms.DELETE)),
        loads=("r",),
        after=("after",),
        deleted=("before",),
        before=("before",),
        time=("source", "ts_ms"),
        time_unit=TimeUnit.MILLISECONDS,
    ),
    # Source: Maxwell's Daemon, "Data Format", "Bootstrapping".
    "maxwell": Changes(
        preset="maxwell",
        operation=("type",),
        operations=(
            ("insert", dms.INSERT),
            ("bootstrap-insert", dms.INSERT),
            ("update", dms.UPDATE),
            ("delete", dms.DELETE),
        ),
        loads=("bootstrap-insert",),
        without_row=("bootstrap-start", "bootstrap-complete"),
        after=("data",),
        deleted=("data",),
        before=("old",),
        time=("ts",),
        time_unit=TimeUnit.SECONDS,
    ),
    # Source: AWS DMS user guide, "Using Amazon Kinesis Data Streams as a target", "Before image task settings".
    "dms": Changes(
        preset="dms",
        operation=("metadata", "operation"),
        operations=(("load", dms.INSERT), ("insert", dms.INSERT), ("update", dms.UPDATE), ("delete", dms.DELETE)),
        loads=("load",),
        without_row=("create-table",),
        after=("data",),
        deleted=("data",),
        before=("before-image",),
        time=("metadata", "timestamp"),
        omits_nulls=True,
    ),
    "column": Changes(
        preset="column",
        operation=(dms.OPERATION,),
        operations=((dms.INSERT, dms.INSERT), (dms.UPDATE, dms.UPDATE), (dms.DELETE, dms.DELETE)),
    ),
}
_SETTINGS = ("preset", "operation", "operations", "before", "after", "time", "timeUnit", "order")
_OPERATIONS = {"insert": dms.INSERT, "load": dms.INSERT, "update": dms.UPDATE, "delete": dms.DELETE}
_ORDERS = "of PostgreSQL [source.lsn], of MySQL [{path: source.file, type: logFile}, source.pos, source.row]"
_ORDER_OF = {
    "debezium": f"add `order`, which depends on the database: {_ORDERS}",
    "maxwell": "add `order`, e.g. [{path: position, type: logPosition}, xoffset]",
    "dms": "add `order`, e.g. [{path: metadata.commit-timestamp, type: timestamp}, metadata.transaction-record-id]",
    "column": "add `order`, e.g. [change_number]",
}


def changes(
    custom: Mapping[str, Setting], *, source: Source, known: frozenset[str], violations: Violations
) -> Changes | None:
    """Read the form of change events, and check that the source can have it.

    Args:
        custom: custom properties of the contract.
        source: where they come from.
        known: names of the dataset's columns in the source.
        violations: collects the violations.

    Returns:
        None if the records have no operations, or after a violation.
    """
    setting, ingest = custom.get("changes"), custom["ingest"].value if "ingest" in custom else None
    if setting is None:
        if ingest == Ingest.CDC and not source.is_database and source.api is None:
            violations.add(
                custom["ingest"].path,
                f"does not say where an event of {source.type} has its operation, so deletes would be ignored",
                remedy="add the custom property `changes`, e.g. {preset: debezium} (one of "
                f"{', '.join(PRESETS)}), or if rows are never deleted, write `ingest: append` with `deduplicate: key`",
            )
        return None
    if source.is_database:
        violations.add(setting.path, "DMS decides the form of its records", remedy="remove `changes`")
        return None
    if ingest != Ingest.CDC:
        violations.add(setting.path, f"{ingest} has no operations", remedy="remove `changes`, or write `ingest: cdc`")
        return None
    count = len(violations.found)
    form = _form(setting, violations=violations)
    if form is None or len(violations.found) > count:
        return None
    if form.is_nested and source.format not in ("json", "jsonl"):
        remedy = "use json or jsonl, or let the source write flat records and use {preset: column}"
        violations.add(setting.path, f"{source.format} has no row within an event", remedy=remedy)
        return None
    if source.format == "csv" and not source.header and not form.own_fields <= known:
        missing = ", ".join(sorted(form.own_fields - known))
        remedy = "send a header, or make them columns of the dataset, in the order of the file"
        violations.add(setting.path, f"a file without a header has no column {missing}", remedy=remedy)
    ordering = texts(custom.get("ordering"), violations=Violations(violations.file))  # `terms` reports what is no list
    if not form.order and any(name == dms.CHANGE_SEQUENCE for name, _ in ordering):
        problem = f"has no `order`, which makes {dms.CHANGE_SEQUENCE}"
        violations.add(setting.path, problem, remedy=_ORDER_OF[form.preset])
    return form


def _form(setting: Setting, *, violations: Violations) -> Changes | None:
    if not isinstance(setting.value, dict):
        violations.add(setting.path, f"{setting.value!r} is no map", remedy="write such as {preset: debezium}")
        return None
    for name in setting.value:
        if name not in _SETTINGS:
            violations.add((*setting.path, name), f"{name!r} is unknown", remedy=one_of(name, _SETTINGS))
    preset = setting.value.get("preset")
    if preset not in PRESETS:
        violations.add((*setting.path, "preset"), f"{preset!r} is no preset", remedy=one_of(preset, PRESETS))
        return None
    form, at = PRESETS[preset], setting.path
    is_nested = form.is_nested or "after" in setting.value
    fields: dict[str, Any] = {}
    for name in ("operation", "after", "before", "time"):
        if name in setting.value:
            fields[name] = _path(setting.value[name], is_nested=is_nested, violations=violations, at=(*at, name))
    if "before" in fields and not is_nested:
        violations.add((*at, "before"), "a flat record has one row", remedy="add `after`, or remove `before`")
    if preset == "column" and is_nested:
        fields["deleted"] = fields.get("before") or fields.get("after")
    elif "after" in fields or "before" in fields:
        fields["deleted"] = fields.get("before" if form.deleted == form.before else "after", form.deleted)
    if "operations" in setting.value:
        fields |= _operations(setting.value["operations"], violations=violations, at=(*at, "operations"))
        known = dict(fields["operations"])
        fields["without_row"] = tuple(word for word in form.without_row if word not in known)
    if "time" in fields:
        fields["time_unit"] = None
    if "timeUnit" in setting.value:
        unit = setting.value["timeUnit"]
        if unit not in list(TimeUnit):
            violations.add((*at, "timeUnit"), f"{unit!r} is unknown", remedy=one_of(unit, TimeUnit))
        elif form.time is None and "time" not in fields:
            violations.add((*at, "timeUnit"), "is the unit of no `time`", remedy="add `time`, or remove `timeUnit`")
        else:
            fields["time_unit"] = TimeUnit(unit)
    if "order" in setting.value:
        fields["order"] = _order(setting.value["order"], is_nested=is_nested, violations=violations, at=(*at, "order"))
    return replace(form, **fields)


def _path(value: Any, *, is_nested: bool, violations: Violations, at: YamlPath) -> Path:
    """Read the names of fields with dots between them; of flat records, the name of one field, whatever it has."""
    names = tuple(value.split(".")) if isinstance(value, str) and is_nested else (value,)
    if not isinstance(value, str) or not all(names):
        violations.add(at, f"{value!r} names no field", remedy="write such as source.ts_ms")
        return ()
    return names


def _operations(value: Any, *, violations: Violations, at: YamlPath) -> dict[str, Any]:
    read: dict[str, str] = {}
    loads: list[str] = []
    for name, words in value.items() if isinstance(value, dict) else ():
        if name not in _OPERATIONS:
            violations.add((*at, name), f"{name!r} is no operation", remedy=one_of(name, _OPERATIONS))
            continue
        for word in words if isinstance(words, list) else [words]:
            if not isinstance(word, str) or not word:
                violations.add((*at, name), f"{word!r} is no text", remedy='quote it, e.g. ["1", "n"]')
            elif word in read:
                violations.add((*at, name), f"{word!r} has two meanings", remedy="give each word one operation")
            else:
                read[word] = _OPERATIONS[name]
                loads += [word] if name == "load" else []
    if dms.DELETE not in read.values():
        remedy = "write such as {insert: [c], update: [u], delete: [d]}; if there are no deletes, use `ingest: append`"
        violations.add(at, "has no word for `delete`", remedy=remedy)
    return {"operations": tuple(read.items()), "loads": tuple(loads)}


def _order(value: Any, *, is_nested: bool, violations: Violations, at: YamlPath) -> tuple[Order, ...]:
    orders: list[Order] = []
    for index, given in enumerate(value if isinstance(value, list) else [value]):
        where = (*at, index) if isinstance(value, list) else at
        entry = given if isinstance(given, dict) else {"path": given}
        for name in entry.keys() - {"path", "type"}:
            violations.add((*where, name), f"{name!r} is unknown", remedy=one_of(name, ("path", "type")))
        type_ = entry.get("type", OrderType.INTEGER)
        if type_ not in list(OrderType):
            violations.add((*where, "type"), f"{type_!r} is unknown", remedy=one_of(type_, OrderType))
            continue
        path = _path(entry.get("path"), is_nested=is_nested, violations=violations, at=where)
        orders.append(Order(path=path, type=OrderType(type_)))
    if not orders:
        violations.add(at, "names no field", remedy="write such as [source.lsn]")
    return tuple(orders)
