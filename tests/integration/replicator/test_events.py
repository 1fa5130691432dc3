"""What the log of a table does not tell is in the status of its dataset, until the dataset equals its source again."""

from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from lakehouse.contracts import types
from lakehouse.contracts.model import Contract, Ingest, Source
from lakehouse.operations.replications import History
from tests.support.moves.lake import column
from tests.support.replication.replicator import Replicator


def contract(table: str) -> Contract:
    return Contract(
        path=f"contracts/test/{table}.odcs.yaml",
        domain="test",
        dataset=table,
        version="1.0.0",
        columns=(column("id", types.INT, required=True), column("v", types.STRING)),
        key=("id",),
        ingest=Ingest.CDC,
        source=Source(name="shop", type="postgresql", format="parquet", database="d", schema="public", table=table),
        ordering=("_change_seq",),
    )


EVENTS = {
    "renamed column": ("ALTER TABLE t RENAME v TO vv", 'column "v" renamed to "vv"'),
    "dropped column": ("ALTER TABLE t DROP v", 'column "v" dropped'),
    "another column under the name": (
        "ALTER TABLE t DROP v; ALTER TABLE t ADD v text DEFAULT 'x'",
        'column "v" dropped; column "v" added; rows from before have it only in the source',
    ),
    "swapped columns": (
        "ALTER TABLE t RENAME v TO x; ALTER TABLE t RENAME w TO v; ALTER TABLE t RENAME x TO w",
        'column "v" renamed to "',
    ),
    "rewritten": ("ALTER TABLE t ALTER v TYPE text USING v || 'x'", 'column "v" rewritten by ALTER TABLE'),
    "truncated": ("TRUNCATE t", "truncated; its rows from before stay in the target"),
    "attached": ("ALTER TABLE parts ATTACH PARTITION loose FOR VALUES IN (3)", "partition public.loose attached"),
    "attached in its own transaction": (
        """BEGIN; CREATE TABLE late (LIKE parts INCLUDING ALL); INSERT INTO late VALUES (4, 'late');
           ALTER TABLE parts ATTACH PARTITION late FOR VALUES IN (4); COMMIT""",
        "partition public.late attached",
    ),
    "attached below": (
        """CREATE TABLE mid PARTITION OF parts FOR VALUES IN (3) PARTITION BY LIST (id);
           ALTER TABLE mid ATTACH PARTITION loose FOR VALUES IN (3)""",
        "partition public.loose attached",
    ),
    "detached": ("ALTER TABLE parts DETACH PARTITION part", "partition public.part detached or dropped"),
    "dropped partition": ("DROP TABLE part", "partition public.part detached or dropped"),
    "truncated partition": ("TRUNCATE part", "partition truncated or rewritten"),
    "rewritten partitions": ("ALTER TABLE parts ALTER v TYPE text USING v || 'x'", 'column "v" rewritten'),
    "table dropped": ("DROP TABLE t", "is suspended: it was dropped, renamed or created again"),
    "table created again": (
        "DROP TABLE t; CREATE TABLE t (id int PRIMARY KEY, v text)",
        "is suspended: it was dropped",
    ),
    "table renamed": ("ALTER TABLE t RENAME TO tt", "is suspended: it was dropped, renamed or created again"),
    "tables swapped": ("ALTER TABLE t RENAME TO tt; ALTER TABLE other RENAME TO t", "is suspended: it was dropped"),
    "inherited": ("CREATE TABLE child () INHERITS (t)", "other tables inherit from it"),
}
HARMLESS = [
    "ALTER TABLE t ADD x int DEFAULT 5; UPDATE t SET x = 6",
    "ALTER TABLE t ALTER w TYPE text USING w || 'x'",
    "ALTER TABLE t RENAME w TO ww",
    "ALTER TABLE t DROP w",
    "ALTER TABLE t ALTER v SET STATISTICS 100",
    "ALTER TABLE t ALTER v SET NOT NULL; ALTER TABLE t ALTER v TYPE varchar",
    "VACUUM FULL t",
    "CLUSTER t USING t_pkey",
    "CREATE TABLE new PARTITION OF parts FOR VALUES IN (5); INSERT INTO parts VALUES (5, 'new')",
    "CREATE TABLE new (LIKE parts INCLUDING ALL); ALTER TABLE parts ATTACH PARTITION new FOR VALUES IN (6)",
    "CREATE INDEX ON t (v); ANALYZE t; INSERT INTO t VALUES (7, 'seven')",
]


@pytest.fixture
def followed(replicator: Replicator, connection: psycopg.Connection[Any]) -> Replicator:
    """A replication that follows a table and a partitioned table."""
    connection.execute("CREATE TABLE t (id int PRIMARY KEY, v text, w text); INSERT INTO t VALUES (1, 'a', 'b')")
    connection.execute("CREATE TABLE other (id int PRIMARY KEY, v text, w text)")
    connection.execute("CREATE TABLE parts (id int PRIMARY KEY, v text) PARTITION BY LIST (id)")
    connection.execute("CREATE TABLE part PARTITION OF parts FOR VALUES IN (1, 2); INSERT INTO parts VALUES (1, 'one')")
    connection.execute("CREATE TABLE loose (id int PRIMARY KEY, v text); INSERT INTO loose VALUES (3, 'three')")
    replicator.tables = ["t", "parts"]
    replicator.start()
    replicator.catch_up()
    return replicator


def blocked(replicator: Replicator, **histories: History) -> dict[str, str]:
    """Why the datasets are blocked, as `lakehouse status` shows it."""
    found = {table: replicator.blockage(contract(table), histories.get(table, History())) for table in ("t", "parts")}
    return {table: str(blockage) for table, blockage in found.items() if blockage}


@pytest.mark.parametrize("stopped", [False, True], ids=["running", "stopped"])
@pytest.mark.parametrize("event", EVENTS)
def test_what_the_log_does_not_tell_blocks_the_dataset(
    followed: Replicator, connection: psycopg.Connection[Any], event: str, *, stopped: bool
) -> None:
    statements, reason = EVENTS[event]
    dataset = "parts" if "part" in statements else "t"
    before = datetime.now(UTC) - timedelta(seconds=1)
    assert blocked(followed) == {}
    if stopped:
        followed.stop()
    for statement in statements.split("; "):
        connection.execute(statement)
    if stopped:
        followed.start()
    followed.catch_up()
    found = blocked(followed)
    if "is suspended" in reason and stopped:  # a table that is not there is not selected; a new one is loaded
        history = History(first_batch=before)
        found = blocked(followed, t=history)
        reason = "loaded again; a row with an earlier change keeps it" if "t (" in statements else "no table public.t"
        reason = "loaded again" if "other RENAME" in statements else reason
    assert set(found) == {dataset}
    assert reason in found[dataset]
    if "no table" not in reason:
        assert found[dataset].startswith(f"since {datetime.now(UTC):%Y-%m-}")
    if "reconcile" in found[dataset] and "inherit" not in reason:
        assert blocked(followed, **{dataset: History(reconciled=datetime.now(UTC))}) == {}


@pytest.mark.parametrize("statements", HARMLESS)
def test_what_changes_no_row_of_a_contract_blocks_nothing(
    followed: Replicator, connection: psycopg.Connection[Any], statements: str
) -> None:
    for statement in statements.split("; "):
        connection.execute(statement)
    followed.catch_up()
    assert blocked(followed) == {}


def test_a_reload_over_changes_blocks_until_it_is_reconciled(
    followed: Replicator, connection: psycopg.Connection[Any]
) -> None:
    planned = datetime.now(UTC)
    followed.stop()
    connection.execute("DELETE FROM t")
    followed.start(reload=True)
    followed.catch_up()
    found = blocked(followed, t=History(first_batch=planned))
    assert set(found) == {"t"}
    assert "loaded again; a row with an earlier change keeps it, and rows that were deleted stay" in found["t"]
    assert "Run `lakehouse reconcile t --repair`" in found["t"]
    reconciled = History(first_batch=planned, reconciled=datetime.now(UTC))
    assert blocked(followed, t=reconciled) == {}
