"""What keeps a table from being replicated is in the status of its dataset, with the remedy."""

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import boto3
import psycopg
import pytest
from psycopg import sql

from lakehouse.contracts import types
from lakehouse.contracts.model import Contract, Ingest, Source
from lakehouse.operations.replications import History, blockages
from local.sources.postgres import Database
from tests.support.moves.lake import column
from tests.support.replication.api import Api, make_api

TABLES = ("fine", "view", "unlogged", "keyless", "deferred", "log", "truncated", "forbidden")


def contract(table: str) -> Contract:
    return Contract(
        path=f"contracts/test/{table}.odcs.yaml",
        domain="test",
        dataset=table,
        version="1.0.0",
        columns=(column("id", types.INT, required=True), column("v", types.STRING)),
        key=() if table == "log" else ("id",),
        ingest=Ingest.APPEND if table == "log" else Ingest.CDC,
        source=Source(name="shop", type="postgresql", format="parquet", database="d", schema="public", table=table),
        ordering=() if table == "log" else ("_change_seq",),
    )


@pytest.fixture
def connection(connection: psycopg.Connection[Any]) -> psycopg.Connection[Any]:
    connection.execute("CREATE TABLE fine (id int PRIMARY KEY); CREATE VIEW view AS SELECT 1 AS id")
    connection.execute("CREATE UNLOGGED TABLE unlogged (id int PRIMARY KEY)")
    connection.execute("CREATE TABLE keyless (id int); CREATE TABLE log (id int)")
    connection.execute("CREATE TABLE deferred (id int PRIMARY KEY DEFERRABLE)")
    connection.execute("CREATE TABLE truncated (id int PRIMARY KEY); INSERT INTO truncated VALUES (1)")
    connection.execute("CREATE TABLE forbidden (id int PRIMARY KEY); INSERT INTO forbidden VALUES (1)")
    return connection


@pytest.fixture
def api(database: Database, bucket: str, connection: psycopg.Connection[Any]) -> Iterator[Api]:
    """A replication by a user who may not read the table `forbidden`."""
    user = f"reader_{database.dbname}"
    name, database_name = sql.Identifier(user), sql.Identifier(database.dbname)
    connection.execute(sql.SQL("CREATE ROLE {} LOGIN REPLICATION PASSWORD 'secret'").format(name))
    connection.execute(sql.SQL("GRANT CREATE ON DATABASE {} TO {}").format(database_name, name))
    for table in TABLES:
        kind = sql.SQL("VIEW" if table == "view" else "TABLE")
        connection.execute(sql.SQL("ALTER {} {} OWNER TO {}").format(kind, sql.Identifier(table), name))
    connection.execute(sql.SQL("REVOKE SELECT ON forbidden FROM {}").format(name))
    made = make_api(replace(database, user=user, password="secret"), bucket, tables=TABLES)  # noqa: S106
    yield made
    with suppress(made.client.exceptions.InvalidResourceStateFault):
        made.stop()


def blocked(api: Api, *tables: str, **histories: History) -> dict[str, str]:
    names: Any = SimpleNamespace(replication=lambda *, source: api.database.dbname)
    found = blockages([contract(table) for table in tables or TABLES], names=names, histories=histories)
    return {dataset: str(blockage) for dataset, blockage in found.items()}


def test_each_table_that_is_not_replicated_is_named_with_its_remedy(
    api: Api, connection: psycopg.Connection[Any]
) -> None:
    assert blocked(api) == {}, "nothing is known before the first start"
    api.start()
    api.catch_up()
    found = blocked(api)
    assert set(found) == {"view", "unlogged", "keyless", "deferred", "forbidden"}
    for table in ("view", "unlogged"):
        assert f"shop has no table public.{table} that can be replicated; a view or an unlogged table" in found[table]
    for table in ("keyless", "deferred"):
        assert f"run `ALTER TABLE public.{table} REPLICA IDENTITY FULL`" in found[table]
    reload = f"`aws dms start-replication --replication-config-arn {api.config} --start-replication-type reload-target`"
    assert "table public.forbidden is suspended: permission denied for table forbidden" in found["forbidden"]
    assert all(reload in found[table] for table in ("keyless", "deferred", "forbidden"))

    connection.execute("TRUNCATE truncated")
    api.catch_up()
    assert "table public.truncated: truncated; its rows from before stay" in blocked(api)["truncated"]
    assert "Run `lakehouse reconcile truncated --repair`" in blocked(api)["truncated"]
    assert "truncated" not in blocked(api, truncated=History(reconciled=datetime.now(UTC)))

    api.stop()
    for table in ("keyless", "deferred"):
        connection.execute(f"ALTER TABLE {table} REPLICA IDENTITY FULL")
    connection.execute(sql.SQL("GRANT SELECT ON forbidden TO {}").format(sql.Identifier(api.database.user)))
    connection.execute("DROP VIEW view; CREATE TABLE view (id int PRIMARY KEY); ALTER TABLE unlogged SET LOGGED")
    connection.execute(sql.SQL("ALTER TABLE view OWNER TO {}").format(sql.Identifier(api.database.user)))
    api.start("reload-target")
    api.catch_up()
    assert blocked(api) == {}


def test_a_replication_that_failed_blocks_its_datasets(api: Api) -> None:
    api.client.modify_replication_config(
        ReplicationConfigArn=api.config,
        TableMappings=json.dumps(
            {
                "rules": [
                    {
                        "rule-type": "selection",
                        "rule-id": "1",
                        "rule-name": "1",
                        "object-locator": {"schema-name": "public", "table-name": "absent"},
                        "rule-action": "include",
                    }
                ]
            }
        ),
    )
    api.start()
    api.wait_for("failed")
    found = blocked(api)
    assert set(found) == set(TABLES)
    assert "no table of the source matches the selection rules" in found["fine"]
    assert "--start-replication-type resume-processing`" in found["fine"]


def test_dms_is_called_once_and_once_for_each_source_database(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    api.start()
    api.catch_up()
    calls: list[str] = []
    make: Callable[..., Any] = boto3.client

    def counted(*arguments: Any, **options: Any) -> Any:
        client = make(*arguments, **options)
        client.meta.events.register("before-call.*.*", lambda model, **_: calls.append(model.name))
        return client

    monkeypatch.setattr(boto3, "client", counted)
    blocked(api)
    assert calls == ["DescribeReplications", "DescribeReplicationTableStatistics"]
    calls.clear()
    assert blockages([replace(contract("fine"), source=Source(name="f", type="s3", format="csv"))], names=None) == {}  # type: ignore[arg-type]
    assert calls == []
