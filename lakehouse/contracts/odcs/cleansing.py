"""Read the custom property `cleanse` of a column, and refuse steps that cannot be right for its type."""

from lakehouse.contracts.cleansing import RULES, Step
from lakehouse.contracts.model import Format
from lakehouse.contracts.odcs.cleansing_steps import NUMBERS, READERS
from lakehouse.contracts.odcs.custom import Setting
from lakehouse.contracts.odcs.source_types import SourceType
from lakehouse.contracts.types import Kind
from lakehouse.contracts.violations import Violations, one_of

_SCALARS = (*NUMBERS, Kind.STRING, Kind.BOOLEAN, Kind.DATE, Kind.TIMESTAMP)
_KINDS: dict[str, tuple[Kind, ...]] = {
    **dict.fromkeys(("trim", "nulls", "map", "replace"), (*_SCALARS, Kind.LIST)),
    "case": (Kind.STRING,),
    "number": NUMBERS,
    "dates": (Kind.DATE, Kind.TIMESTAMP, Kind.STRING),
    "booleans": (Kind.BOOLEAN,),
    "split": (*_SCALARS, Kind.LIST),
    "default": _SCALARS,
}
_LAST = ("number", "dates", "booleans", "split")
"""Steps that read a text; only one of them can, and only `default` can follow."""


def cleansing(
    setting: Setting | None, *, source: SourceType, is_key: bool, is_formatted: bool, violations: Violations
) -> tuple[Step, ...]:
    """Read the steps of a column, in order.

    Args:
        setting: the custom property; None if the column has none.
        source: type of the column.
        is_key: whether it is part of the key.
        is_formatted: whether it has a `format` of dates or times.
        violations: collects the violations.
    """
    if setting is None:
        return ()
    if not isinstance(setting.value, list) or not setting.value:
        violations.add(setting.path, f"{setting.value!r} is no list of steps", remedy="write such as [trim]")
        return ()
    steps: list[Step] = []
    for index, given in enumerate(setting.value):
        path = (*setting.path, index)
        rule, value = next(iter(given.items())) if isinstance(given, dict) and len(given) == 1 else (given, None)
        if rule not in RULES:
            violations.add(path, f"{given!r} is no step", remedy=one_of(rule, RULES))
            continue
        try:
            _check_place(rule, steps, source=source)
            if rule == "default" and is_key:
                raise ValueError("remove it: rows without a key would all become one row")
            if rule == "dates" and is_formatted:
                raise ValueError("move `format` of logicalTypeOptions into the list of `dates`")
            steps.append(READERS[rule](value, source))
        except ValueError as error:
            violations.add(path, f"{rule} can't be used", remedy=str(error))
    return tuple(steps)


def _check_place(rule: str, before: list[Step], *, source: SourceType) -> None:
    kind = source.type.kind
    if kind not in _KINDS[rule]:
        possible = [other for other in RULES if kind in _KINDS[other]]
        raise ValueError(f"{source.type} has only the steps {', '.join(possible)}" if possible else "remove it")
    if source.options.format is Format.JSON and rule not in ("nulls", "default"):
        raise ValueError("JSON has only the steps nulls, default: another one could change what it means")
    names = [step.rule for step in before]
    if rule in names and rule not in ("map", "replace"):
        raise ValueError("keep one of the two steps of this name")
    if "default" in names:
        raise ValueError("move `default` to the end")
    done = next((name for name in names if name in _LAST and (name != "split" or kind is Kind.LIST)), None)
    if done and rule != "default":
        raise ValueError(f"move it before `{done}`, which reads the text")
