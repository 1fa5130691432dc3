"""Read durations from ODCS `slaProperties`."""

from collections.abc import Sequence
from datetime import timedelta

from open_data_contract_standard.model import ServiceLevelAgreementProperty

from lakehouse.contracts.violations import Violations, one_of

UNITS = {
    **dict.fromkeys(("m", "min", "minute", "minutes"), timedelta(minutes=1)),
    **dict.fromkeys(("h", "hour", "hours"), timedelta(hours=1)),
    **dict.fromkeys(("d", "day", "days"), timedelta(days=1)),
    **dict.fromkeys(("y", "yr", "year", "years"), timedelta(days=365)),
}
_MAX_VALUE = 10_000


def duration(
    levels: Sequence[ServiceLevelAgreementProperty] | None, name: str, *, violations: Violations
) -> timedelta | None:
    """Return the value of a service level, e.g. `freshness`; None if it is not promised or after a violation."""
    promises = [(index, level) for index, level in enumerate(levels or []) if level.property == name]
    if not promises:
        return None
    for index, _ in promises[1:]:
        violations.add(("slaProperties", index, "property"), f"{name} is there already", remedy="keep one")
    index, level = promises[0]
    if level.unit not in UNITS:
        violations.add(("slaProperties", index, "unit"), f"{level.unit!r} is no unit", remedy=one_of(level.unit, UNITS))
        return None
    if isinstance(level.value, bool) or not isinstance(level.value, int | float) or not 0 < level.value <= _MAX_VALUE:
        violations.add(
            ("slaProperties", index, "value"),
            f"{level.value!r} is no duration",
            remedy=f"write a number above 0, at most {_MAX_VALUE}",
        )
        return None
    return level.value * UNITS[level.unit]
