"""The client of Trino against a server that answers as Trino does; `tests/trino` has the real one."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from emulator.athena.runtime.errors import AthenaError, CancelledError
from emulator.athena.runtime.files import BYTES_LIMIT, Scan
from emulator.athena.runtime.type_names import parse_trino
from emulator.athena.trino import process, texts
from emulator.athena.trino.client import TrinoStatement, after_first_line
from emulator.athena.trino.settings import Lake
from emulator.errors import EmulatorError

VALUES = [
    ("bigint", "5", "5"),
    ("double", "1.0E10", "1.0E10"),
    ("double", '"NaN"', "NaN"),
    ("boolean", "true", "true"),
    ("decimal(3,1)", '"1.0"', "1.0"),
    ("char(3)", '"a  "', "a  "),
    ("varbinary", '"aGk="', "68 69"),
    ("varbinary", '""', ""),
    ("array(varbinary)", '["aGk=", null]', "[68 69, null]"),
    ("map(varchar, double)", '{"a": 1.0, "b": null}', "{a=1.0, b=null}"),
    ("row(integer, b boolean)", "[1, false]", "{field0=1, b=false}"),
    ("timestamp(0)", '"2024-01-01 10:00:00"', "2024-01-01 10:00:00.000"),
    ("timestamp(1)", '"2024-01-01 10:00:00.5"', "2024-01-01 10:00:00.500"),
    ("timestamp(12)", '"2024-01-01 10:00:00.123456789012"', "2024-01-01 10:00:00.123456789012"),
    ("timestamp(0) with time zone", '"2024-01-01 10:00:00 Europe/Paris"', "2024-01-01 10:00:00.000 Europe/Paris"),
    ("time(0)", '"10:00:00"', "10:00:00.000"),
    ("unknown", "null", None),
]


class Fake(ThreadingHTTPServer):
    """A Trino that has some answers for any statement.

    Attributes:
        answers: the answers, in their order.
        seen: method, path and body of each request.
    """

    def __init__(self, answers: list[dict[str, Any]]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers, self.seen = answers, list[tuple[str, str, str]]()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Fake

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        self.server.seen.append((self.command, self.path, body))
        page = len([method for method, *_ in self.server.seen if method != "DELETE"])
        answer = {"stats": {}} | self.server.answers[page - 1]
        if page < len(self.server.answers):
            answer |= {"nextUri": f"{self.server.url}/next/{page}"}
        content = json.dumps(answer).encode() if self.command != "DELETE" else b""
        self.send_response(200 if content else 204)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_DELETE = _answer  # noqa: N815 - the base class calls them

    def log_message(self, *args: Any) -> None: ...


@contextmanager
def trino(*answers: dict[str, Any]) -> Iterator[Fake]:
    with Fake(list(answers)) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def run(server: Fake, *, limit: int | None = None, **options: Any) -> tuple[TrinoStatement, list[list[Any]]]:
    statement = TrinoStatement(server.url, Scan(limit=limit))
    return statement, [row for page in statement.pages("SELECT 1", database="shop", **options) for row in page]


@pytest.mark.parametrize(("dt", "value", "expected"), VALUES)
def test_a_value_is_written_as_athena_writes_it(dt: str, value: str, expected: str | None) -> None:
    assert texts.text(json.loads(value, parse_float=str), parse_trino(dt)) == expected


def test_rows_come_in_pages_with_columns_counts_and_bytes() -> None:
    column = {"name": "a", "type": "double"}
    pages = ({}, {"columns": [column], "data": [[1.5]]}, {"data": [[1e300]], "updateCount": 7})
    with trino(*pages[:2], pages[2] | {"stats": {"physicalInputBytes": 9}}) as server:
        statement, rows = run(server, values=["'it''s'"])
    assert (statement.columns, rows, statement.update_count) == ([("a", "double")], [["1.5"], ["1e+300"]], 7)
    assert server.seen[0][2] == "EXECUTE IMMEDIATE 'SELECT 1' USING 'it''s'"
    assert {method for method, *_ in server.seen} == {"POST", "GET"}


def test_a_statement_that_reads_too_much_is_cancelled_in_trino() -> None:
    with trino({"stats": {"physicalInputBytes": 11}}, {}) as server, pytest.raises(CancelledError, match=BYTES_LIMIT):
        run(server, limit=10)
    assert server.seen[-1][:2] == ("DELETE", "/next/1")


def test_errors_keep_trinos_names_and_the_lines_of_the_callers_text() -> None:
    error = {"errorName": "COLUMN_NOT_FOUND", "message": "line 2:8: Column 'x' cannot be resolved"}
    with trino({"error": error}) as server, pytest.raises(AthenaError) as raised, after_first_line():
        run(server)
    assert str(raised.value) == "COLUMN_NOT_FOUND: line 1:8: Column 'x' cannot be resolved"


def test_a_trino_that_ended_fails_statements_and_says_what_to_do(tmp_path: Path) -> None:
    with trino({}) as server:
        pass
    with pytest.raises(AthenaError, match="lakehouse local up --athena trino"):
        run(server)
    (tmp_path / "trino").mkdir()
    assert process.address(tmp_path) is None
    (tmp_path / "trino" / "server.json").write_text(json.dumps({"url": server.url, "pid": 1}))
    assert (process.address(tmp_path), process.status(tmp_path)) == (server.url, None)
    assert not process.down(tmp_path)
    assert process.address(tmp_path) is None


def test_a_trino_that_is_not_installed_is_refused(tmp_path: Path) -> None:
    lake = Lake(endpoint="http://127.0.0.1:1", account="000000000000", region="eu-central-1")
    with pytest.raises(EmulatorError, match=r"run `make \.trino-476/\.installed`"):
        process.up(tmp_path, lake, home=tmp_path)
