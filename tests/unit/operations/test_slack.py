"""Notifications to a Slack channel, and errors if Slack does not accept them."""

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from lakehouse.errors import LakehouseError
from lakehouse.operations import slack
from tests.support.http_servers import Posted, receiving

NOTIFICATION = """dataset, model or source: parcels
batches: parcels-00000001
task: parcels.integration_gate of shipping, run manual__1
reason: rule enough FAIL: measured 1, expected > 2 & <!channel>
log: http://127.0.0.1:8080/dags/shipping?a=1&b=2
next step: `lakehouse rerun parcels BATCH`"""


class Slack:
    """Takes what is posted, as Slack does, or refuses it as `answer` says."""

    def __init__(self) -> None:
        self.taken: list[Any] = []
        self.answer = (200, "ok")
        self.url = ""

    def take(self, posted: Posted) -> tuple[int, str]:
        self.taken.append(json.loads(posted.body))
        return self.answer


@pytest.fixture
def channel(monkeypatch: pytest.MonkeyPatch) -> Iterator[Slack]:
    found = Slack()
    with receiving(found.take) as url:
        found.url = f"{url}/services/T0/B0/secret"
        monkeypatch.setenv(slack.SECRET, "webhook")
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        monkeypatch.setattr(slack, "webhook", lambda secret: {"webhook": found.url}[secret])
        yield found


def event(message: str, *, subject: str | None = "lakehouse-dev: parcels is stopped") -> dict[str, Any]:
    return {"Records": [{"EventSource": "aws:sns", "Sns": {"Subject": subject, "Message": message}}]}


def test_a_notification_arrives_complete_and_escaped(channel: Slack) -> None:
    slack.handler(event(NOTIFICATION), None)
    [posted] = channel.taken
    heading, *lines = posted["text"].splitlines()
    assert heading == "*lakehouse-dev: parcels is stopped*"
    assert [line.partition(":")[0] for line in lines] == [
        "dataset, model or source",
        "batches",
        "task",
        "reason",
        "log",
        "next step",
    ]
    assert lines[3].endswith("expected &gt; 2 &amp; &lt;!channel&gt;")
    assert lines[4].endswith("?a=1&amp;b=2")


def test_an_alarm_says_what_to_do_and_why_it_was_raised() -> None:
    alarm = {"AlarmName": "lakehouse-dev-orders-held", "AlarmDescription": "Do this.", "NewStateReason": "1 > 0"}
    assert slack.message_text('ALARM: "x"', json.dumps(alarm)) == '*ALARM: "x"*\nDo this.\n1 &gt; 0'
    assert slack.message_text("", '["a list"]') == '["a list"]'
    assert len(slack.message_text("long", "&" * 40_000)) == slack.MOST_CHARACTERS


def test_what_slack_refuses_is_an_error_in_its_words(channel: Slack) -> None:
    channel.answer = (403, "invalid_token")
    with pytest.raises(LakehouseError, match="HTTP status 403: invalid_token") as failed:
        slack.handler(event(NOTIFICATION), None)
    assert channel.url not in str(failed.value)


def test_nobody_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with receiving(lambda _: (200, "ok")) as over:
        pass
    with pytest.raises(LakehouseError, match="Slack did not answer") as failed:
        slack.post(f"{over}/services/T0/B0/secret", "text")
    assert "secret" not in str(failed.value)


def test_it_needs_boto3_and_nothing_else() -> None:
    code = (
        "import boto3, sys; before = set(sys.modules); import lakehouse.operations.slack; "
        "print(*set(sys.modules) - before)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert {name.partition(".")[0] for name in ran.stdout.split()} - sys.stdlib_module_names == {"lakehouse"}
