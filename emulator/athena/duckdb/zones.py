"""Wall clocks of time zones in DuckDB's SQL. DuckDB has zones with names; a zone such as `+05:30` is an interval."""

import re

from emulator.athena.runtime import sql_text, sql_types
from emulator.athena.runtime.errors import AthenaError

_OFFSET = re.compile(r"([+-])(\d\d):(\d\d)")
MOST_MINUTES = 14 * 60


def wall_clock(instant: str, zone: str) -> str:
    """Return the SQL of the wall clock of a zone at a point in time."""
    offset = _minutes(zone)
    if offset is None:
        return f"({instant} AT TIME ZONE {sql_text.literal(zone)})"
    return f"(({instant} AT TIME ZONE 'UTC') + INTERVAL '{offset}' MINUTE)"


def instant(wall: str, zone: str) -> str:
    """Return the SQL of the point in time at which a wall clock of a zone shows this timestamp."""
    offset = _minutes(zone)
    if offset is None:
        return (
            f"trino_instant({wall}, {sql_text.literal(zone)})"
            if zone != sql_types.UTC
            else f"({wall} AT TIME ZONE 'UTC')"
        )
    return f"(({wall} - INTERVAL '{offset}' MINUTE) AT TIME ZONE 'UTC')"


def _minutes(zone: str) -> int | None:
    """Return the minutes east of UTC of a zone without a name, or None for other zones."""
    match = _OFFSET.fullmatch(zone)
    if match is None:
        return None
    minutes = int(match[2]) * 60 + int(match[3])
    if minutes > MOST_MINUTES or int(match[3]) > 59:
        raise AthenaError("INVALID_FUNCTION_ARGUMENT", f"Invalid offset minutes {minutes} in the time zone '{zone}'")
    return -minutes if match[1] == "-" else minutes
