"""Contracts drafted from a PostgreSQL database."""

import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
import typer
from psycopg import sql

from lakehouse.cli.drafting import draft_contracts
from lakehouse.contracts.check import check
from lakehouse.contracts.loader import load_contracts
from lakehouse.contracts.model import Contract
from lakehouse.drafting.postgres_catalog import connected
from lakehouse.errors import LakehouseError
from local.demo import shop
from local.sources import postgres as local_postgres
from local.sources.postgres import Database
from tests.support.repository import ROOT


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    root = tmp_path_factory.mktemp("postgres")
    yield local_postgres.start(root)
    local_postgres.stop(root)


def empty(server: Database, name: str) -> Database:
    """Return a database of its own."""
    local_postgres.create_database(server, name)
    return replace(server, dbname=name)


def url(database: Database) -> str:
    return f"postgresql://{database.user}@{database.host}:{database.port}/{database.dbname}"


def draft(database: Database, folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Contract]:
    """Draft all tables with the command, and return the contracts by the names of their tables."""
    monkeypatch.setenv("PGPASSWORD", database.password)
    draft_contracts(domain="sales", source="shop", database=url(database), output=folder)
    assert check(folder) == []
    return {contract.source.table or "": contract for contract in load_contracts(folder)}


def facts(contract: Contract) -> dict[str, Any]:
    """Return what the database decides. Prose, classification, promises, rules and limits are a team's judgement."""
    return {
        "dataset": (contract.domain, contract.dataset, contract.source, contract.key),
        "state": (contract.ingest, contract.ordering, contract.deduplicate, contract.partitions),
        "columns": [
            (c.name, c.source_name, c.type, c.required, c.enum, c.options.max_length) for c in contract.columns
        ],
    }


def test_the_shop_is_drafted_as_its_contracts_are(
    server: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = empty(server, "shop")
    shop.seed(database.conninfo, size=shop.Size(customers=20, products=20, orders=20))
    drafted = draft(database, tmp_path, monkeypatch)
    shipped = {c.dataset: c for c in load_contracts(ROOT / "contracts") if c.source.name == "shop"}
    assert {name: facts(contract) for name, contract in drafted.items()} == {
        name: facts(contract) for name, contract in shipped.items()
    }
    for name, contract in drafted.items():
        for column in contract.columns:
            sure = {"customers": ("name", "email"), "products": ("name",)}.get(name, ())
            assert column.classification == ("restricted" if column.name in sure else "confidential")
    text = (tmp_path / "sales" / "order_items.odcs.yaml").read_text()
    assert "relationships: [{to: orders.order_id}]" in text
    assert "relationships: [{to: products.product_id}]" in text


HOSTILE = ["select", "Name", "name", "NAME", 'a"b', "a b", "😀", "größe", "_x", "1st", "a: b #", "null"]


def test_types_and_hostile_names(server: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    database = empty(server, "types")
    with psycopg.connect(database.conninfo, autocommit=True) as connection:
        connection.execute("CREATE TYPE mood AS ENUM ('sad', 'it''s ok'); CREATE DOMAIN age AS smallint NOT NULL")
        connection.execute(
            "CREATE TABLE types (a age, b mood, c numeric, d numeric(39,2), e numeric(38,3), f char(3), g text[], "
            "h int[][], i json, j jsonb, k interval, l timestamp(3), m time, n bytea, o double precision, p inet, "
            "q int GENERATED ALWAYS AS (1) STORED, r numeric(5,-2), s bit(3), t timestamptz, PRIMARY KEY (f, a))"
        )
        connection.execute("COMMENT ON COLUMN types.b IS 'line one\nline two: #1'")
        for name in HOSTILE:
            columns = sql.SQL(", ").join(sql.SQL("{} int").format(sql.Identifier(n)) for n in HOSTILE)
            connection.execute(sql.SQL("CREATE TABLE {} ({})").format(sql.Identifier(name), columns))
        connection.execute("CREATE TABLE nothing (); CREATE TABLE wide (" + ", ".join(f"c{i} int" for i in range(1600))
                           + '); CREATE TABLE "a/b" (x int)')  # fmt: skip
        connection.execute("CREATE TABLE no_key (x float8 PRIMARY KEY, y int)")
    contracts = draft(database, tmp_path, monkeypatch)
    assert {*contracts} == {*HOSTILE, "types", "wide", "no_key"}
    for name in HOSTILE:
        assert [column.source_name for column in contracts[name].columns] == HOSTILE
    types = {column.name: str(column.type) for column in contracts["types"].columns}
    assert types == {
        "a": "int", "b": "string", "c": "string", "d": "string", "e": "decimal(38,3)", "f": "string",
        "g": "list<string>", "h": "string", "i": "string", "j": "string",
        "k": "string", "l": "timestamptz", "m": "string", "n": "binary", "o": "double", "p": "string", "r": "string",
        "s": "string", "t": "timestamptz",
    }  # fmt: skip
    assert contracts["types"].key == ("f", "a")
    assert contracts["types"].column("b").description == "line one\nline two: #1"
    assert (contracts["no_key"].ingest, contracts["types"].ingest) == ("append", "cdc")
    assert len(contracts["wide"].columns) == 1600


def test_credentials_and_hosts_are_told_apart(server: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nobody = replace(server, port=free.getsockname()[1])
    cases = [
        (url(server), "wrong", "refuses the credentials"),
        (url(nobody), server.password, "cannot be reached"),
        (url(replace(server, dbname="none")), server.password, "no such database"),
        (url(server).replace("@", ":hunter2@"), server.password, "contains a password"),
        ("mysql://root@127.0.0.1/shop", server.password, "MySQL cannot be drafted yet"),
    ]
    for database, password, message in cases:
        monkeypatch.setenv("PGPASSWORD", password)
        with pytest.raises(LakehouseError, match=message) as error, connected(database):
            pass
        assert "hunter2" not in str(error.value)


def test_a_database_that_goes_away_is_named(server: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    def lose() -> None:
        with connected(url(server)) as connection, psycopg.connect(server.conninfo, autocommit=True) as admin:
            admin.execute("SELECT pg_terminate_backend(%s)", [connection.info.backend_pid])
            connection.execute("SELECT 1")

    monkeypatch.setenv("PGPASSWORD", server.password)
    with pytest.raises(LakehouseError, match="connection was lost"):
        lose()


def test_diff_shows_what_the_contracts_lack(
    server: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    database = empty(server, "changed")
    with psycopg.connect(database.conninfo, autocommit=True) as connection:
        connection.execute("CREATE TABLE a (x int PRIMARY KEY, y int)")
        draft(database, tmp_path, monkeypatch)

        options = {"domain": "sales", "source": "shop", "database": url(database), "output": tmp_path, "diff": True}
        draft_contracts(**options)
        connection.execute("ALTER TABLE a ADD z text; ALTER TABLE a ALTER y TYPE bigint; CREATE TABLE b (x int)")
        capsys.readouterr()
        with pytest.raises(typer.Exit) as end:
            draft_contracts(**options)
    assert end.value.exit_code == 1
    assert capsys.readouterr().out.splitlines() == [
        "a: column y is int, and long in the source",
        "a: has no column z, a string",
        "public.b: has no contract",
        "3 differences",
    ]
