"""Cases in which Trino 476 is no reference for Athena, with the reason."""

import re

from tests.support.trino.cases import Case

_WITHOUT_ZONE = r"(timestamp|time|date) '[^']*\d'"
_NOW = r"^SELECT (from_unixtime\(a0\)|current_timezone\(\))"
_APIA = rf"(?i){_NOW}|cast\({_WITHOUT_ZONE} as (timestamp|time)(\(\d+\))? with time zone|to_unixtime\({_WITHOUT_ZONE}"
_REASONS = (
    ("the session of Trino's tests is in Pacific/Apia, Athena's in UTC", _APIA),
    (
        "Trino 476 skips NaN in greatest, least, min and max; Athena does not",
        r"(?i)\b(greatest|least|max|min|array_max|array_min)\(.*\bnan\(\)",
    ),
    (
        "Trino 476 rounds a real or double to the digits that it prints before it becomes a decimal",
        r"(?is)as decimal.*(double|real) '|as decimal.*\dE\d|(double|real) '[^']*' as decimal",
    ),
    ("the order of array_agg without ORDER BY is not defined", r"(?i)array_agg\((?!.*order by)"),
)


def reason(case: Case) -> str | None:
    """Return why a difference from Trino 476 is none from Athena, or None."""
    sql = case.constants or case.sql
    return next((text for text, pattern in _REASONS if re.search(pattern, f"{case.sql} {sql}")), None)
