"""Following of changes: transaction by transaction, from the slot's position on, to files in S3."""

import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg

from emulator.replicator import changes, source
from emulator.replicator.batch import Batch
from emulator.replicator.changes import Captured
from emulator.replicator.files import Layout, Record
from emulator.replicator.full_load import timestamp_text
from emulator.replicator.postgres.pgoutput import (
    Begin,
    Commit,
    Delete,
    Insert,
    Message,
    Relation,
    Truncate,
    Update,
    decode,
)
from emulator.replicator.postgres.stream import Keepalive, Stream
from emulator.replicator.settings import DELETE, INSERT, UPDATE, Target
from emulator.replicator.state import State, now
from emulator.replicator.target import Bucket

log = logging.getLogger(__name__)

IDLE_S = 0.2
"""Changes are uploaded after this time without another change; DMS waits for CdcMaxBatchInterval or CdcMinFileSize."""

WATCH_AGAIN_S = 1.0


class Follower:
    """Follower of the changes of the published tables."""

    def __init__(
        self,
        stream: Stream,
        connection: psycopg.Connection[Any],
        target: Target,
        *,
        bucket: Bucket,
        spool: Path,
        state: State,
        layout_of: Callable[[Relation], Layout],
        watch: Callable[[], None],
    ) -> None:
        """Prepare to follow.

        Args:
            stream: the changes.
            connection: a connection to the same database, for values that the log does not contain.
            target: format of the files.
            bucket: the folder in S3.
            spool: folder of files until they are in S3.
            state: the replication's progress.
            layout_of: returns the layout of a table's files.
            watch: records what the catalog says happened to the tables; called before a position is confirmed.
        """
        self._stream = stream
        self._connection = connection
        self._target = target
        self._bucket = bucket
        self._spool = spool
        self._state = state
        self._layout_of = layout_of
        self._watch = watch
        self._reached_lsn = 0
        self._watched_lsn = 0
        self._watch_again_at: float | None = None
        self._tables: dict[int, tuple[Captured, Layout]] = {}
        self._transaction: Begin | None = None
        self._index = 0
        self._written = ""
        self._look_up = changes.look_up_in(connection, 0)
        self._end_lsn = 0
        self._batch = Batch(spool, target)
        self._batch_since = 0.0
        self._last_change = 0.0

    def run(self, stopping: Callable[[], bool]) -> None:
        """Follow until `stopping` returns True. Changes that are then not in S3 are sent again at the next start."""
        while not stopping():
            received = self._stream.read(IDLE_S / 4)
            if isinstance(received, bytes):
                message = decode(received)
                if message is not None:
                    self._take(message)
                if not isinstance(message, Commit):
                    continue
            if self._transaction is None:
                if self._due():
                    self._flush()
                if isinstance(received, Keepalive) and not self._batch:
                    self._reached_lsn = max(self._reached_lsn, received.lsn)
                if received is None:
                    self._idle()
            if isinstance(received, Keepalive) and received.reply_requested:
                self._stream.confirm()
        if self._transaction is None:
            self._flush()

    def _idle(self) -> None:
        """Watch the catalog, then confirm the position that the server has reached without a change.

        The log may tell of a transaction a moment before it is visible in the catalog, so the catalog is looked at
        again a second later.
        """
        moment = time.monotonic()
        if not self._batch and self._reached_lsn > self._watched_lsn:
            self._watch()
            self._watched_lsn, self._watch_again_at = self._reached_lsn, moment + WATCH_AGAIN_S
            self._stream.confirm(self._reached_lsn)
        elif self._watch_again_at is not None and moment >= self._watch_again_at:
            self._watch()
            self._watch_again_at = None

    def _due(self) -> bool:
        moment = time.monotonic()
        return bool(self._batch) and (
            moment - self._last_change >= IDLE_S
            or moment - self._batch_since >= self._target.batch_interval_s
            or self._batch.bytes >= self._target.min_file_bytes
        )

    def _take(self, message: Message) -> None:
        match message:
            case Begin():
                self._transaction, self._index = message, 0
                self._written = timestamp_text(message.committed_at)
                self._look_up = changes.look_up_in(self._connection, message.transaction_id)
            case Commit(end_lsn):
                self._transaction, self._end_lsn = None, end_lsn
                self._last_change = time.monotonic()
            case Relation():
                self._define(message)
            case Truncate(relations):
                for relation in relations:
                    self._truncated(relation)
            case Insert() | Update() | Delete():
                self._change(message)

    def _define(self, relation: Relation) -> None:
        if f"{relation.schema}.{relation.table}" not in self._state.tables:
            self._tables.pop(relation.id, None)  # the mappings no longer include the table
            return
        layout = self._layout_of(relation)
        previous = self._tables.get(relation.id)
        if previous is not None and previous[1] == layout:
            layout = previous[1]  # the definition was sent again without a change: its files continue
        elif previous is not None:
            log.info("%s has other columns from now on: %s", layout.table, [name for name, _ in layout.columns])
        key = {column.name for column in relation.columns if column.identity}
        if relation.full:
            key = {
                column
                for table in source.tables(self._connection)
                if (table.schema, table.name) == (relation.schema, relation.table)
                for column in table.key
            }
        positions = tuple(position for position, column in enumerate(relation.columns) if column.name in key)
        self._tables[relation.id] = Captured(relation, positions), layout

    def _truncated(self, relation: int) -> None:
        if relation in self._tables:
            table = self._tables[relation][1].table
            if not self._loaded(table):
                self._state.tables[table].truncates += 1
                self._state.tables[table].happened("truncated; its rows from before stay in the target")
                self._state.save()
                log.warning("%s was truncated; its rows stay in the target, as with DMS", table)

    def _loaded(self, table: str) -> bool:
        """Return whether the full load of a table contains the current transaction."""
        from_lsn = self._state.tables[table].from_lsn
        return self._transaction is not None and from_lsn is not None and self._transaction.commit_lsn < from_lsn

    def _change(self, message: Insert | Update | Delete) -> None:
        assert self._transaction is not None
        transaction = self._transaction
        # Two numbers for each message, even if it is skipped, so that a change always has the same number.
        self._index += 2
        if message.relation not in self._tables:
            return
        captured, layout = self._tables[message.relation]
        suspended = self._state.tables[layout.table].suspended or layout.table in self._batch.failed
        if suspended or self._loaded(layout.table):
            return
        if not self._batch:
            self._batch_since = time.monotonic()
        try:
            records = changes.records(message, captured, self._look_up)
        except psycopg.ProgrammingError as error:
            self._batch.fail(layout.table, error)
            return
        for index, (operation, values) in enumerate(records, start=self._index):
            if values is None:
                log.info("%s: an update of a row that no longer exists is omitted; its delete follows", layout.table)
                continue
            record = Record(operation, values, self._written, f"{transaction.commit_lsn:020d}{index:015d}")
            relation = captured.relation
            self._batch.add(relation.schema, relation.table, layout, record, committed=transaction.committed_at.date())

    def _flush(self) -> None:
        """Upload the batch, record it, then confirm it to the source; a crash in between repeats changes."""
        if not self._batch:
            return
        self._batch.upload(self._bucket)
        self._watch()
        self._watch_again_at = time.monotonic() + WATCH_AGAIN_S
        for table, counts in self._batch.counts.items():
            progress = self._state.tables[table]
            progress.inserts += counts[INSERT]
            progress.updates += counts[UPDATE]
            progress.deletes += counts[DELETE]
            progress.updated = now()
        for table, error in self._batch.failed.items():
            log.error("%s is suspended: %s", table, error)
            self._state.tables[table].suspend(error)
        self._state.written_lsn = self._end_lsn
        self._state.save()
        self._stream.confirm(self._end_lsn)
        self._batch = Batch(self._spool, self._target)
