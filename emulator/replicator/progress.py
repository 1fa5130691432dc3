"""Waiting until everything that was committed to the source is in S3."""

import time

import psycopg


def wait_until_caught_up(conninfo: str, *, slot: str, timeout_s: float = 60) -> None:
    """Wait until everything that is committed now is in S3.

    Args:
        conninfo: libpq connection string of the source.
        slot: slot of the replication: `emulator.replicator.task.slot_name(identifier)`.
        timeout_s: time-out in seconds.

    Raises:
        TimeoutError: the replication did not reach this point in time; the message has its position.
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
            position = connection.execute(query, [committed, slot]).fetchone()
            if position is not None and position[0]:
                return
            time.sleep(0.02)
    if position is None:
        reason = "the slot does not exist, because the replication never started"
    elif not position[1]:
        reason = "the replication is stopped, failed or still loads"
    else:
        reason = f"its position is {position[2]}"
    raise TimeoutError(f"slot {slot} did not reach {committed} within {timeout_s:.0f} s: {reason}")
