"""One replication from start to stop: publications and slot, full load of what is not loaded, then the changes."""

import logging
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
from botocore.exceptions import ClientError, ConnectTimeoutError, EndpointConnectionError, HTTPClientError
from psycopg.errors import ObjectNotInPrerequisiteState

from emulator.replicator import full_load, source
from emulator.replicator.arrow_types import column_type
from emulator.replicator.files import Layout
from emulator.replicator.follow import Follower
from emulator.replicator.full_load import StopRequestedError
from emulator.replicator.pgoutput import Column
from emulator.replicator.source import Table
from emulator.replicator.state import COMPLETED, State, TableState
from emulator.replicator.stream import Stream
from emulator.replicator.target import Bucket
from emulator.replicator.task import CHANGES_ONLY, FULL_LOAD_ONLY, RELOAD, Task

log = logging.getLogger("dms")

AWAY = (EndpointConnectionError, ConnectTimeoutError, HTTPClientError)
REACH_S = 10.0
SHORTEST_PAUSE_S, LONGEST_PAUSE_S = 0.1, 10.0


class ReplicationError(RuntimeError):
    """The replication can't go on as it is; the message says what to do."""


def run(task: Task, *, folder: Path, state: State, stopping: Callable[[], bool]) -> None:
    """Replicate until told to stop, or until a full load alone is done; wait and resume when a server is away.

    Args:
        task: what to replicate.
        folder: for files on their way to S3.
        state: the replication's progress, kept up to date.
        stopping: asked several times a second.

    Raises:
        ReplicationError, SettingsError, ClientError, psycopg.Error: what waiting would not mend, or servers that a
            first run did not reach within 10 s.
    """
    state.begin()
    pause, began, anew = SHORTEST_PAUSE_S, time.monotonic(), task.action == RELOAD
    while not stopping():
        position = state.written_lsn
        try:
            if anew:
                remove(task)
                state.forget()
                anew = False
            _replicate(task, folder=folder, state=state, stopping=stopping)
        except StopRequestedError:
            return
        except (psycopg.Error, ClientError, *AWAY) as error:
            never_reached = not state.has_slot and state.status != "running" and time.monotonic() - began > REACH_S
            if never_reached or not _passes(error):
                raise
            pause = SHORTEST_PAUSE_S if state.written_lsn != position else min(2 * pause, LONGEST_PAUSE_S)
            log.warning("resuming in %.1f s: %s", pause, error)
            _sleep(pause, stopping)
        else:
            return


def remove(task: Task) -> None:
    """Leave neither slot nor publication in the source."""
    with source.connect(task.source) as connection:
        source.drop(connection, slot=task.slot)


def _replicate(task: Task, *, folder: Path, state: State, stopping: Callable[[], bool]) -> None:
    with source.connect(task.source) as connection:
        tables = _select(task, connection, state)
        if task.migration_type != FULL_LOAD_ONLY:
            _keep_log(task, connection, tables, state)
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
            ).run(stopping)


def _select(task: Task, connection: psycopg.Connection[Any], state: State) -> list[Table]:
    """The tables that the mappings select; the state then speaks of just these."""
    by_name = {(table.schema, table.name): table for table in source.tables(connection)}
    selected = [by_name[name] for name in task.mappings.select(by_name)]
    if not selected:
        raise ReplicationError("no table of the source matches the selection rules of the table mappings")
    for name in state.tables.keys() - {table.full_name for table in selected}:
        del state.tables[name]
    for table in selected:
        state.tables.setdefault(table.full_name, _fresh(task, table))
    return selected


def _keep_log(task: Task, connection: psycopg.Connection[Any], tables: Sequence[Table], state: State) -> None:
    """Publish the tables and make the slot that keeps their changes, from before their load on."""
    found = source.has_slot(connection, task.slot)
    if state.has_slot and not found:
        raise ReplicationError(
            f"the source has no replication slot {task.slot} any more, so changes may be lost: start with reload-target"
        )
    if found and not state.has_slot:
        source.drop(connection, slot=task.slot)  # of a replication whose state was removed
    for table in source.unpublished(connection, slot=task.slot, tables=tables):
        state.tables[table.full_name] = _fresh(task, table)
        if not table.changes:
            log.warning("%s has no primary key: its updates and deletes are not followed", table.full_name)
    state.save()  # before they are published: after a crash nobody could tell that they have yet to be loaded
    source.publish(connection, slot=task.slot, tables=tables)
    if not state.has_slot:
        source.create_slot(connection, task.slot)
        state.has_slot = True


def _fresh(task: Task, table: Table) -> TableState:
    """State of a table that was not read yet; one of which only changes are wanted counts as loaded."""
    fresh = TableState(schema=table.schema, name=table.name)
    if task.migration_type == CHANGES_ONLY:
        fresh.state, fresh.from_lsn = COMPLETED, 0
    return fresh


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
    """Load the tables that are not loaded yet; first what an earlier start copied and could not send any more."""
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


def _passes(error: Exception) -> bool:
    """Whether waiting may help: a server that is away or busy, as opposed to one that refuses."""
    if isinstance(error, psycopg.Error):
        return isinstance(error, psycopg.OperationalError) and not isinstance(error, ObjectNotInPrerequisiteState)
    if isinstance(error, ClientError):
        return int(error.response["ResponseMetadata"]["HTTPStatusCode"]) >= 500
    return True


def _sleep(seconds: float, stopping: Callable[[], bool]) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until and not stopping():
        time.sleep(0.05)
