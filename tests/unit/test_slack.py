"""What a Slack channel is told, and what happens if Slack does not take it."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from lakehouse import slack
from lakehouse.errors import LakehouseError

NOTICE = """dataset or model: parcels
batches: parcels-00000001
task: parcels.integration_gate of shipping, run manual__1
reason: rule enough FAIL: measured 1, expected > 2 & <!channel>
log: http://127.0.0.1:8080/dags/shipping?a=1&b=2
to do: `lakehouse rerun parcels BATCH`"""


class Slack(BaseHTTPRequestHandler):
    """Takes what is posted, as Slack does, or refuses it as `refusal` says."""

    taken: list[Any]
    refusal: tuple[int, str] | None

    def do_POST(self) -> None:
        self.taken.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        status, body = self.refusal or (200, "ok")
        self.send_response(status)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *arguments: object) -> None:
        """Nobody reads it."""


@pytest.fixture
def server() -> Iterator[HTTPServer]:
    Slack.taken, Slack.refusal = [], None
    with HTTPServer(("127.0.0.1", 0), Slack) as listening:
        thread = threading.Thread(target=listening.serve_forever)
        thread.start()
        yield listening
        listening.shutdown()
        thread.join()


@pytest.fixture
def url(server: HTTPServer, monkeypatch: pytest.MonkeyPatch) -> str:
    found = f"http://127.0.0.1:{server.server_port}/services/T0/B0/secret"
    monkeypatch.setenv(slack.SECRET, "webhook")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(slack, "webhook", lambda secret: {"webhook": found}[secret])
    return found


def event(message: str, *, subject: str | None = "lakehouse-dev: parcels stands still") -> dict[str, Any]:
    return {"Records": [{"EventSource": "aws:sns", "Sns": {"Subject": subject, "Message": message}}]}


@pytest.mark.usefixtures("url")
def test_a_notice_arrives_whole_and_none_of_it_is_markup() -> None:
    slack.handler(event(NOTICE), None)
    [posted] = Slack.taken
    heading, *lines = posted["text"].splitlines()
    assert heading == "*lakehouse-dev: parcels stands still*"
    assert [line.partition(":")[0] for line in lines] == [
        "dataset or model",
        "batches",
        "task",
        "reason",
        "log",
        "to do",
    ]
    assert lines[3].endswith("expected &gt; 2 &amp; &lt;!channel&gt;")
    assert lines[4].endswith("?a=1&amp;b=2")


def test_an_alarm_says_what_to_do_and_why_it_was_raised() -> None:
    alarm = {"AlarmName": "lakehouse-dev-orders-held", "AlarmDescription": "Do this.", "NewStateReason": "1 > 0"}
    assert slack.text('ALARM: "x"', json.dumps(alarm)) == '*ALARM: "x"*\nDo this.\n1 &gt; 0'
    assert slack.text("", '["a list"]') == '["a list"]'
    assert len(slack.text("long", "&" * 40_000)) == slack.LONGEST


def test_what_slack_refuses_is_an_error_in_its_words(url: str) -> None:
    Slack.refusal = (403, "invalid_token")
    with pytest.raises(LakehouseError, match="HTTP status 403: invalid_token") as failed:
        slack.handler(event(NOTICE), None)
    assert url not in str(failed.value)


def test_nobody_answers(server: HTTPServer, url: str) -> None:
    server.server_close()
    with pytest.raises(LakehouseError, match="Slack did not answer") as failed:
        slack.post(url, "text")
    assert "secret" not in str(failed.value)


def test_it_needs_boto3_and_nothing_else() -> None:
    code = "import boto3, sys; before = set(sys.modules); import lakehouse.slack; print(*set(sys.modules) - before)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert {name.partition(".")[0] for name in ran.stdout.split()} - sys.stdlib_module_names == {"lakehouse"}
