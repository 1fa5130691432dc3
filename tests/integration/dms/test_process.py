"""The replicator as a program."""

from typing import Any

import psycopg

from tests.integration.dms.replicator import ReplicatorProcess


def test_stops_when_told_and_when_its_server_is_gone(
    process: ReplicatorProcess, connection: psycopg.Connection[Any]
) -> None:
    connection.execute("CREATE TABLE orders (id int PRIMARY KEY); INSERT INTO orders VALUES (1)")
    process.start()
    process.catch_up()
    assert process.state["status"] == "running"
    connection.execute("INSERT INTO orders VALUES (2)")
    process.terminate()
    assert process.exit_code() == 0
    assert process.state["status"] == "stopped"

    process.start()
    process.catch_up()
    process.end_input()
    assert process.exit_code() == 0
    assert [record["id"] for record in process.records("orders")] == [1, 2]


def test_says_why_it_failed(process: ReplicatorProcess, connection: psycopg.Connection[Any]) -> None:
    process.start()
    assert process.exit_code() == 1
    assert process.state["status"] == "failed"
    assert "no table of the source matches" in process.state["error"]
