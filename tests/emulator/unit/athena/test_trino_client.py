"""The client of Trino, on answers such as Trino's; `make test-trino` has the real ones."""

import json
from pathlib import Path
from typing import Any

import pytest

from emulator.athena.runtime.errors import AthenaError, CancelledError
from emulator.athena.runtime.files import BYTES_LIMIT, Scan
from emulator.athena.runtime.type_names import parse_trino
from emulator.athena.trino import process, texts
from emulator.athena.trino.client import TrinoStatement, after_first_line
from emulator.athena.trino.settings import Lake
from emulator.errors import EmulatorError

NOBODY = "http://127.0.0.1:1"

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
    ("map(map(integer, integer), integer)", '{"{1=1, 2=1}": 1}', "{{1=1, 2=1}=1}"),
    ("unknown", "null", None),
]


class Trino(TrinoStatement):
    """A statement on a Trino that has these answers.

    Attributes:
        seen: method and text of each request.
    """

    def __init__(self, *answers: dict[str, Any], limit: int | None = None) -> None:
        super().__init__(NOBODY, Scan(limit=limit))
        following = [{"nextUri": f"{NOBODY}/next"}] * (len(answers) - 1) + [{}]
        self._answers = [{"stats": {}} | answer | uri for answer, uri in zip(answers, following, strict=True)]
        self.seen: list[tuple[str, str | None]] = []

    def _send(self, method: str, path: str, *, body: str | None = None, headers: Any = None) -> dict[str, Any]:
        self.seen.append((method, body))
        return {} if method == "DELETE" else self._answers.pop(0)

    def rows(self, **options: Any) -> list[list[Any]]:
        return [row for page in self.pages("SELECT 1", database="shop", **options) for row in page]


@pytest.mark.parametrize(("dt", "value", "expected"), VALUES)
def test_a_value_is_written_as_athena_writes_it(dt: str, value: str, expected: str | None) -> None:
    assert texts.text(json.loads(value, parse_float=str), parse_trino(dt)) == expected


def test_rows_come_in_pages_with_columns_and_counts() -> None:
    column = {"name": "a", "type": "double"}
    trino = Trino({}, {"columns": [column], "data": [["1.5"]]}, {"data": [["1E300"]], "updateCount": 7})
    assert trino.rows(values=["'it''s'"]) == [["1.5"], ["1E300"]]
    assert (trino.columns, trino.update_count) == ([("a", "double")], 7)
    assert trino.seen == [("POST", "EXECUTE IMMEDIATE 'SELECT 1' USING 'it''s'"), ("GET", None), ("GET", None)]


def test_a_statement_that_reads_too_much_is_cancelled_in_trino() -> None:
    trino = Trino({"stats": {"physicalInputBytes": 11}}, {}, limit=10)
    with pytest.raises(CancelledError, match=BYTES_LIMIT):
        trino.rows()
    assert trino.seen[-1] == ("DELETE", None)


def test_errors_keep_trinos_names_and_the_lines_of_the_callers_text() -> None:
    error = {"errorName": "COLUMN_NOT_FOUND", "message": "line 2:8: Column 'x' cannot be resolved"}
    with pytest.raises(AthenaError) as raised, after_first_line():
        Trino({"error": error}).rows()
    assert str(raised.value) == "COLUMN_NOT_FOUND: line 1:8: Column 'x' cannot be resolved"


def test_a_trino_that_ended_fails_statements_and_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(AthenaError, match="lakehouse local up --athena trino"):
        list(TrinoStatement(NOBODY, Scan(limit=None)).pages("SELECT 1", database="shop"))
    (tmp_path / "trino").mkdir()
    assert process.address(tmp_path) is None
    (tmp_path / "trino" / "server.json").write_text(json.dumps({"url": NOBODY, "pid": 1}))
    assert (process.address(tmp_path), process.status(tmp_path)) == (NOBODY, None)
    assert not process.down(tmp_path)
    assert process.address(tmp_path) is None


def test_a_trino_that_is_not_installed_is_refused(tmp_path: Path) -> None:
    lake = Lake(endpoint=NOBODY, account="000000000000", region="eu-central-1")
    with pytest.raises(EmulatorError, match=r"run `make \.trino-476/\.installed`"):
        process.up(tmp_path, lake, home=tmp_path)
