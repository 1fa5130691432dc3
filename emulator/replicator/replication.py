"""One replication: create publications and slot, load the tables that are not loaded yet, then follow changes."""

import logging
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
from botocore.exceptions import ClientError, ConnectTimeoutError, EndpointConnectionError, HTTPClientError

from emulator.replicator import catalog_watch, full_load, source
from emulator.replicator.arrow_types import column_type
from emulator.replicator.failures import is_temporary
from emulator.replicator.files import Layout
from emulator.replicator.follow import Follower
from emulator.replicator.full_load import StopRequestedError
from emulator.replicator.postgres.pgoutput import Column
from emulator.replicator.postgres.stream import Stream
from emulator.replicator.source import Table
from emulator.replicator.state import COMPLETED, State, TableState
from emulator.replicator.target import Bucket
from emulator.replicator.task import CHANGES_ONLY, FULL_LOAD_ONLY, RELOAD, Task

log = logging.getLogger(__name__)

UNREACHABLE = (EndpointConnectionError, ConnectTimeoutError, HTTPClientError)
REACH_S = 10.0
SHORTEST_PAUSE_S, LONGEST_PAUSE_S = 0.1, 10.0


class ReplicationError(RuntimeError):
    """The replication cannot continue; the message says what to do."""


def run(task: Task, *, folder: Path, state: State, stopping: Callable[[], bool]) -> None:
    """Replicate until stopped, or until a task of a full load only is complete; wait while a server is unreachable.

    Args:
        task: what to replicate.
        folder: for files that are not yet in S3.
        state: the replication's progress, which is updated.
        stopping: called several times a second; True stops the replication.

    Raises:
        ReplicationError, SettingsError, ClientError, psycopg.Error: an error that waiting does not fix, or a server
            that a first run did not reach within 10 s.
    """
    state.begin()
    pause, started, must_reset = SHORTEST_PAUSE_S, time.monotonic(), task.action == RELOAD
    while not stopping():
        position = state.written_lsn
        try:
            if must_reset:
                _drop(task)
                state.reset()
                must_reset = False
            _replicate(task, folder=folder, state=state, stopping=stopping)
        except StopRequestedError:
            return
        except (psycopg.Error, ClientError, *UNREACHABLE) as error:
            never_reached = not state.has_slot and state.status != "running" and time.monotonic() - started > REACH_S
            if never_reached or not is_temporary(error):
                raise
            pause = SHORTEST_PAUSE_S if state.written_lsn != position else min(2 * pause, LONGEST_PAUSE_S)
            log.warning("resuming in %.1f s: %s", pause, error)
            _sleep(pause, stopping)
        else:
            return


def remove(task: Task) -> None:
    """Remove slot and publications from the source; try again for 10 s if the connection is lost."""
    pause, started = SHORTEST_PAUSE_S, time.monotonic()
    while True:
        try:
            return _drop(task)
        except (psycopg.Error, ClientError, *UNREACHABLE) as error:
            if time.monotonic() - started > REACH_S or not is_temporary(error):
                raise
            log.warning("removing the slot again in %.1f s: %s", pause, error)
            time.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE_S)


def _drop(task: Task) -> None:
    with source.connect(task.source) as connection:
        source.drop(connection, slot=task.slot)


def _replicate(task: Task, *, folder: Path, state: State, stopping: Callable[[], bool]) -> None:
    with source.connect(task.source) as connection:
        tables = _select(task, connection, state)
        if task.migration_type != FULL_LOAD_ONLY:
            _keep_log(task, connection, tables, state)
            _watch(task, connection, state)
            _look_at(task, connection, state)
        state.status = "running"
        state.save()
        bucket = Bucket(task.target)
        _load(task, connection, tables, bucket=bucket, spool=folder / "load", state=state, stopping=stopping)
        if task.migration_type == FULL_LOAD_ONLY:
            state.stop_reason = "Stop Reason FULL_LOAD_ONLY_FINISHED"
            return
        with closing(source.connect(task.source, replication=True)) as streaming:
            publications = task.slot, source.inserts_of(task.slot)
            stream = Stream(streaming, slot=task.slot, publications=publications, start_lsn=state.written_lsn)
            Follower(
                stream,
                connection,
                task.target,
                bucket=bucket,
                spool=folder / "changes",
                state=state,
                layout_of=lambda relation: replace(
                    _layout(task, connection, relation.schema, relation.table, relation.columns), operation=True
                ),
                watch=partial(_watch, task, connection, state),
            ).run(stopping)


def _watch(task: Task, connection: psycopg.Connection[Any], state: State) -> None:
    """Record what the catalog says happened to the tables since the last call."""
    followed = [table for table in state.tables.values() if table.from_lsn is not None and not table.suspended]
    shapes = catalog_watch.shapes(connection, [(table.schema, table.name) for table in followed], slot=task.slot)
    for table in followed:
        before, after = table.shape, shapes.get(f"{table.schema}.{table.name}")
        if before == after:
            continue
        if after is None or not after["published"] or (before is not None and before["oid"] != after["oid"]):
            log.error("%s.%s is suspended: %s", table.schema, table.name, catalog_watch.GONE)
            table.suspend(catalog_watch.GONE)
        elif before is not None:
            found = list(catalog_watch.differences(connection, before, after))
            for text in found:
                log.warning("%s.%s: %s", table.schema, table.name, text)
                table.happened(text)
            table.ddls += len(found)
        table.shape = after
        state.save()


def _select(task: Task, connection: psycopg.Connection[Any], state: State) -> list[Table]:
    """Return the tables that the mappings select, and limit the state to these."""
    by_name = {(table.schema, table.name): table for table in source.tables(connection)}
    selected = [by_name[name] for name in task.mappings.select(by_name)]
    for name in task.mappings.without_table(by_name):
        log.warning("the source has no table %s that can be replicated: a view or an unlogged table cannot", name)
    if not selected:
        raise ReplicationError("no table of the source matches the selection rules of the table mappings")
    for name in state.tables.keys() - {table.full_name for table in selected}:
        del state.tables[name]
    for table in selected:
        state.tables.setdefault(table.full_name, _new_state(task, table))
    return selected


def _keep_log(task: Task, connection: psycopg.Connection[Any], tables: Sequence[Table], state: State) -> None:
    """Publish the tables and create the slot that keeps their changes, before their load."""
    slot_exists = source.has_slot(connection, task.slot)
    if state.has_slot and not slot_exists:
        raise ReplicationError(
            f"the source no longer has the replication slot {task.slot}; changes may be lost: start with reload-target"
        )
    if slot_exists and not state.has_slot:
        source.drop(connection, slot=task.slot)  # the slot of a replication whose state was removed
    for table in source.unpublished(connection, slot=task.slot, tables=tables):
        state.tables[table.full_name] = _new_state(task, table)
        if not table.changes:
            log.warning("%s has no primary key: its updates and deletes are not followed", table.full_name)
    for table in tables:
        state.tables[table.full_name].inserts_only = not table.changes
    state.save()  # before they are published: after a crash these tables must be loaded
    source.publish(connection, slot=task.slot, tables=tables)
    if not state.has_slot:
        source.create_slot(connection, task.slot)
        state.has_slot = True


def _look_at(task: Task, connection: psycopg.Connection[Any], state: State) -> None:
    """Record the shapes of tables that are not loaded yet: before their load, so that no later event is missed."""
    new = [table for table in state.tables.values() if table.shape is None]
    shapes = catalog_watch.shapes(connection, [(table.schema, table.name) for table in new], slot=task.slot)
    for table in new:
        table.shape = shapes.get(f"{table.schema}.{table.name}")


def _new_state(task: Task, table: Table) -> TableState:
    """Return the state of a table that was not read yet; without a full load it counts as loaded."""
    new = TableState(schema=table.schema, name=table.name)
    if task.migration_type == CHANGES_ONLY:
        new.state, new.from_lsn = COMPLETED, 0
    return new


def _load(
    task: Task,
    connection: psycopg.Connection[Any],
    tables: Sequence[Table],
    *,
    bucket: Bucket,
    spool: Path,
    state: State,
    stopping: Callable[[], bool],
) -> None:
    """Load the tables that are not loaded yet, after the upload of files that an earlier start copied."""
    full_load.upload(bucket, spool=spool, state=state)
    waiting = [
        (table, _layout(task, connection, table.schema, table.name, table.columns))
        for table in tables
        if state.tables[table.full_name].from_lsn is None
    ]
    if waiting:
        full_load.copy_tables(task.source, task.target, waiting, spool=spool, state=state, stopping=stopping)
        full_load.upload(bucket, spool=spool, state=state)


def _layout(
    task: Task, connection: psycopg.Connection[Any], schema: str, table: str, columns: Sequence[Column]
) -> Layout:
    return Layout(
        table=f"{schema}.{table}",
        columns=tuple(
            (column.name, column_type(*source.base_type(connection, column), booleans=task.source.booleans))
            for column in columns
        ),
        operation=task.target.operation_in_full_load,
        timestamp=task.target.timestamp_column,
        sequence=task.mappings.change_sequence(schema, table),
    )


def _sleep(seconds: float, stopping: Callable[[], bool]) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until and not stopping():
        time.sleep(0.05)
