"""The central bank's API on this machine: exchange rates of each day, page by page, and failures on request.

`python -m local.sources.rates_api HOME` serves it until SIGTERM on a free port of 127.0.0.1, which it writes to
HOME/port; `start` and `stop` do this for a root folder.

It has the rates that were published up to its current day, which `POST /today` changes. `POST /faults` takes a list of
names of `FAULTS`; each of the next requests fails in one of these ways.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from emulator.runtime import locks
from lakehouse.errors import LakehouseError

SOURCE = "central-bank"
"""The source that the contracts of the finance domain name."""

FAULTS = ("500", "429", "half", "html", "again", "stuck", "die")
"""Server error; too many requests; half of a body; HTML; the page before; a cursor that does not advance; no answer."""

HOST = "127.0.0.1"
PATH = "/v1/rates"
TOKEN = "of-the-laptop"  # noqa: S105 - it is valid for this server only
FIRST_DAY = date(2026, 2, 2)
TODAY = date(2026, 2, 27)
PAGE = 50
START_SECONDS = 20.0
_WORTH = {"CHF": 0.94, "CZK": 24.9, "DKK": 7.46, "GBP": 0.86, "JPY": 163.2, "NOK": 11.4, "SEK": 11.1, "USD": 1.08}

Rate = dict[str, str | float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """The address of the API.

    Attributes:
        url: base URL.
        token: bearer token.
    """

    url: str
    token: str = field(default=TOKEN, repr=False)

    @property
    def secret(self) -> dict[str, str]:
        """The content of the source's secret."""
        return {"url": self.url, "token": self.token}


def published(today: date) -> list[Rate]:
    """Return all rates that were published up to a day; one rate of each Tuesday is corrected on the next day."""
    return sorted(_published(today), key=lambda rate: (str(rate["published_at"]), str(rate["currency"])))


def _published(today: date) -> Iterator[Rate]:
    day = FIRST_DAY
    while day <= today:
        choose = random.Random(day.toordinal())  # noqa: S311 - the rates must be the same every time
        if day.weekday() < 5:
            for currency, worth in _WORTH.items():
                rate: Rate = {
                    "day": f"{day}",
                    "currency": currency,
                    "rate": round(worth * choose.uniform(0.98, 1.02), 4),
                }
                yield rate | {"published_at": f"{datetime.combine(day, clock(15), UTC):%Y-%m-%dT%H:%M:%SZ}"}
                if day.weekday() == 1 and currency == "JPY" and day < today:
                    morning = datetime.combine(day + timedelta(days=1), clock(9), UTC)
                    yield rate | {"rate": round(worth, 4), "published_at": f"{morning:%Y-%m-%dT%H:%M:%SZ}"}
        day += timedelta(days=1)


class Bank(ThreadingHTTPServer):
    """The server.

    Attributes:
        today: the current day.
        faults: how the next requests fail.
        wait: the Retry-After header of a 429.
        requests: number of requests for rates.
        last_page: the page that was sent last.
    """

    daemon_threads = True

    def __init__(self, *, today: date = TODAY) -> None:
        super().__init__((HOST, 0), _Handler)
        self.today = today
        self.faults: list[str] = []
        self.wait = "0"
        self.requests = 0
        self.last_page: dict[str, object] | None = None

    @property
    def api(self) -> Api:
        """The address of the server."""
        return Api(url=f"http://{HOST}:{self.server_port}")


class _Handler(BaseHTTPRequestHandler):
    server: Bank

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        if url.path != PATH:
            self._answer(404, {"error": "no such resource"})
            return
        if self.headers["Authorization"] != f"Bearer {TOKEN}":
            self._answer(401, {"error": "who are you?"})
            return
        self.server.requests += 1
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        rates = [rate for rate in published(self.server.today) if str(rate["published_at"]) > query.get("after", "")]
        first = int(query.get("page", "0"))
        page: dict[str, object] = {"base": "EUR", "rates": rates[first : first + PAGE]}
        page |= {"next": str(first + PAGE) if first + PAGE < len(rates) else None}
        if self.server.faults:
            self._fail(self.server.faults.pop(0), page)
            return
        self.server.last_page = page
        self._answer(200, page)

    def do_POST(self) -> None:
        content = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/today":
            self.server.today = date.fromisoformat(content)
        elif self.path == "/faults" and not set(content) - set(FAULTS):
            self.server.faults += content
        else:
            self._answer(400, {"error": f"POST {self.path} takes a day, or a list of {', '.join(FAULTS)}"})
            return
        self._answer(200, {})

    def _fail(self, fault: str, page: dict[str, object]) -> None:
        body = json.dumps(page).encode()
        match fault:
            case "500":
                self._answer(500, {"error": "the ledger is closed"})
            case "429":
                self._answer(429, {"error": "too many requests"}, headers={"Retry-After": self.server.wait})
            case "half":
                self._send(200, body[: len(body) // 2], length=len(body), form="application/json")
            case "html":
                self._send(200, b"<html><body>Back soon</body></html>", form="text/html")
            case "again":
                self._answer(200, self.server.last_page or page)
            case "stuck":
                self._answer(200, page | {"next": "0"})
            case "die":
                self.connection.close()

    def _answer(self, status: int, content: object, *, headers: dict[str, str] | None = None) -> None:
        self._send(status, json.dumps(content).encode(), form="application/json", headers=headers)

    def _send(
        self, status: int, body: bytes, *, form: str, length: int | None = None, headers: dict[str, str] | None = None
    ) -> None:
        self.send_response(status)
        for name, value in {
            "Content-Type": form,
            "Content-Length": str(length or len(body)),
            **(headers or {}),
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name in the base class
        """Log nothing: the caller logs the result of its request."""


def start(root: Path) -> Api:
    """Start the API of a root folder, or find the one that runs.

    Raises:
        LakehouseError: the API does not answer.
    """
    home = root.resolve() / "rates"
    home.mkdir(parents=True, exist_ok=True)
    with locks.alone(home / "start.lock"):
        if locks.holder(home / "lock") is None:
            (home / "port").unlink(missing_ok=True)
            with (home / "log").open("ab") as output:
                subprocess.Popen(
                    [sys.executable, "-m", "local.sources.rates_api", str(home)],
                    cwd=Path(__file__).resolve().parents[2],
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
        deadline = time.monotonic() + START_SECONDS
        while not (home / "port").exists():
            if time.monotonic() > deadline:
                raise LakehouseError(
                    f"the API of exchange rates did not start within {START_SECONDS:.0f} s; its log is {home}/log"
                )
            time.sleep(0.02)
        return Api(url=f"http://{HOST}:{(home / 'port').read_text()}")


def stop(root: Path) -> None:
    """Stop the API of a root folder, if it runs."""
    lock = root.resolve() / "rates" / "lock"
    pid = locks.holder(lock)
    if pid is not None:
        os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + START_SECONDS
        while locks.holder(lock) is not None and time.monotonic() < deadline:
            time.sleep(0.02)


def control(api: Api, resource: str, content: object) -> None:
    """Set the current day (`today`) or the failures of the next requests (`faults`)."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    direct.open(f"{api.url}/{resource}", data=json.dumps(content).encode(), timeout=10).close()


def main() -> None:
    """Serve until SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m local.sources.rates_api")
    parser.add_argument("home", type=Path)
    home: Path = parser.parse_args().home
    with locks.take(home / "lock"):
        bank = Bank()
        new = home / "port.new"
        new.write_text(str(bank.server_port))
        new.replace(home / "port")
        signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
        bank.serve_forever()


if __name__ == "__main__":
    main()
