"""Whether all that was committed to the source is in S3."""

import time

import psycopg


def wait_until_caught_up(conninfo: str, *, slot: str, timeout_s: float = 60) -> None:
    """Wait until everything that is committed now has been loaded or followed, and stands in S3.

    Args:
        conninfo: libpq connection string of the source.
        slot: slot of the replication, `emulator.replicator.task.slot_name(...)` of its identifier.
        timeout_s: how long to wait, in seconds.

    Raises:
        TimeoutError: it was not reached in time; the message says how far the replication is.
    """
    deadline = time.monotonic() + timeout_s
    with psycopg.connect(conninfo, autocommit=True) as connection:
        row = connection.execute("SELECT pg_current_wal_flush_lsn()::text").fetchone()
        assert row is not None
        committed: str = row[0]
        # A slot has a walsender only while its changes are followed, which begins when the full load is in S3.
        query = """
            SELECT sender.pid IS NOT NULL AND confirmed_flush_lsn >= %s::pg_lsn,
                sender.pid IS NOT NULL, confirmed_flush_lsn::text
            FROM pg_replication_slots LEFT JOIN pg_stat_replication sender ON sender.pid = active_pid
            WHERE slot_name = %s
        """
        while time.monotonic() < deadline:
            found = connection.execute(query, [committed, slot]).fetchone()
            if found is not None and found[0]:
                return
            time.sleep(0.02)
    if found is None:
        where = "there is no such slot: the replication never started"
    elif not found[1]:
        where = "nobody follows it: the replication is stopped, failed or still loads"
    else:
        where = f"it stands at {found[2]}"
    raise TimeoutError(f"slot {slot} did not reach {committed} within {timeout_s:.0f} s: {where}")
