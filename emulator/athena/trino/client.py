"""A statement on Trino, by the HTTP protocol of its clients.

https://trino.io/docs/476/develop/client-protocol.html
"""

import contextlib
import http.client
import json
import re
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

from emulator.athena.runtime import sql_text
from emulator.athena.runtime.errors import AthenaError, timeout
from emulator.athena.runtime.files import Scan

WAIT = "200ms"
"""The time that Trino waits for rows before it answers without any; in between, a statement can be cancelled."""
ANSWER_SECONDS = 120
_LINE = re.compile(r"^line (\d+):")
_TIMEOUTS = ("EXCEEDED_TIME_LIMIT", "ABANDONED_QUERY")

Json = dict[str, Any]


class TrinoStatement:
    """A statement that Trino runs.

    Args:
        url: address of Trino.
        scan: counts the bytes that it reads, and says whether it may continue.

    Attributes:
        columns: name and type of each column, in Trino's words; known with the first page.
        update_count: number of rows that it inserted, updated or deleted.
        files: number of files that it wrote.
    """

    def __init__(self, url: str, scan: Scan) -> None:
        self.columns: list[tuple[str, str]] = []
        self.update_count: int | None = None
        self._scan = scan
        self._url = url
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=ANSWER_SECONDS)

    def pages(self, sql: str, *, database: str, values: Sequence[str] = ()) -> Iterator[list[list[Any]]]:
        """Run a statement and yield its rows as JSON has them; numbers with a fraction or an exponent are texts.

        Args:
            sql: the statement.
            database: database of names without one.
            values: literals for its question marks.

        Raises:
            AthenaError: the statement failed, or Trino does not answer.
            CancelledError: the statement was stopped or read too much.
        """
        if values:
            sql = f"EXECUTE IMMEDIATE {sql_text.literal(sql)} USING {', '.join(values)}"
        following = None
        try:
            answer = self._send("POST", "/v1/statement", body=sql, headers=_headers(database))
            while True:
                following = answer.get("nextUri")
                self._read(answer)
                if rows := answer.get("data"):
                    yield rows
                if following is None:
                    return
                answer = self._send("GET", f"{urlsplit(following).path}?maxWait={WAIT}")
        finally:
            if following is not None:
                with contextlib.suppress(AthenaError):
                    self._send("DELETE", urlsplit(following).path)
            self._connection.close()

    def _read(self, answer: Json) -> None:
        if "error" in answer:
            raise _error(answer["error"])
        if "columns" in answer:
            self.columns = [(column["name"], column["type"]) for column in answer["columns"]]
        self.update_count = answer.get("updateCount", self.update_count)
        self._scan.bytes = max(self._scan.bytes, answer["stats"].get("physicalInputBytes", 0))
        self._scan.check()

    def _send(self, method: str, path: str, *, body: str | None = None, headers: Json | None = None) -> Json:
        try:
            self._connection.request(method, path, body=body and body.encode(), headers=headers or {})
            response = self._connection.getresponse()
            content = response.read()
        except OSError as error:
            raise _lost(self._url, str(error)) from error
        if response.status not in (200, 204):
            raise _lost(self._url, f"HTTP {response.status} {content[:200].decode(errors='replace')}")
        found: Json = json.loads(content, parse_float=str) if content else {}
        return found


@contextlib.contextmanager
def after_first_line() -> Iterator[None]:
    """Count lines from the second one on, in errors of a statement with a line before the caller's own text."""
    try:
        yield
    except AthenaError as error:
        message = str(error).removeprefix(f"{error.code}: ")
        raise AthenaError(error.code, _LINE.sub(lambda line: f"line {int(line[1]) - 1}:", message, count=1)) from None


def _headers(database: str) -> dict[str, str]:
    return {
        "Content-Type": "text/plain; charset=utf-8",
        "X-Trino-User": "athena",
        "X-Trino-Catalog": "awsdatacatalog",
        "X-Trino-Schema": database,
        "X-Trino-Time-Zone": "UTC",
        # Without it, times are cut to milliseconds.
        "X-Trino-Client-Capabilities": "PARAMETRIC_DATETIME",
    }


def _error(error: Json) -> AthenaError:
    """Return Athena's error for one of Trino, which has the same names."""
    if error["errorName"] in _TIMEOUTS:
        return timeout()
    return AthenaError(error["errorName"], error["message"])


def _lost(url: str, reason: str) -> AthenaError:
    return AthenaError(
        "GENERIC_INTERNAL_ERROR",
        f"Trino at {url} does not answer: {reason}. Start it again with `lakehouse local up --athena trino`",
    )
