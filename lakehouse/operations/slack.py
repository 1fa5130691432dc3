"""Notices in a Slack channel: a function that posts what the topics of alerts are told to an incoming webhook.

It runs as a Lambda function, so this module needs boto3 and nothing else.

Source: Slack developer docs, "Sending messages using incoming webhooks" and "Formatting message text".
"""

import json
import os
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any

import boto3

from lakehouse.errors import LakehouseError

SECRET = "LAKEHOUSE_SLACK_SECRET"  # noqa: S105 - the name of a variable
SECONDS = 10
LONGEST = 30_000
"""Characters of a message, below Slack's 40,000."""


def handler(event: Mapping[str, Any], context: object) -> None:
    """Lambda's entry: post each message of SNS; what Slack does not take is tried again by Lambda, twice.

    Args:
        event: `Records` as SNS sends them.
        context: Lambda's; not used.

    Raises:
        LakehouseError: the secret holds no webhook, or Slack did not take the message.
    """
    url = webhook(os.environ[SECRET])
    for record in event["Records"]:
        notice = record["Sns"]
        post(url, text(notice.get("Subject") or "", notice["Message"]))


def text(subject: str, message: str) -> str:
    """A notice as Slack shows it: the subject in bold, and nothing in it read as markup of Slack's.

    Args:
        subject: of the SNS message.
        message: our own text, or CloudWatch's JSON of an alarm, of which description and reason are shown.
    """
    try:
        alarm = json.loads(message)
    except json.JSONDecodeError:
        alarm = None
    if isinstance(alarm, dict) and "AlarmName" in alarm:
        message = f"{alarm.get('AlarmDescription') or ''}\n{alarm.get('NewStateReason') or ''}".strip()
    heading = f"*{_escaped(subject)}*\n" if subject else ""
    return (heading + _escaped(message))[:LONGEST]


def webhook(secret: str) -> str:
    """The webhook's URL, which is a secret: whoever knows it may post.

    Raises:
        LakehouseError: nobody has put it there yet.
    """
    url = boto3.client("secretsmanager").get_secret_value(SecretId=secret)["SecretString"].strip()
    if not url.startswith(("https://", "http://127.0.0.1:")):
        raise LakehouseError(
            f"secret {secret} holds no URL of a Slack webhook: `aws secretsmanager put-secret-value --secret-id "
            f"{secret} --secret-string https://hooks.slack.com/services/...`"
        )
    return str(url)


def post(url: str, message: str) -> None:
    """Post a message to a webhook.

    Raises:
        LakehouseError: it was refused, or nobody answered; says why in Slack's words, and not where.
    """
    request = urllib.request.Request(  # noqa: S310 - the scheme was looked at
        url, data=json.dumps({"text": message}).encode(), headers={"Content-Type": "application/json"}
    )
    try:
        urllib.request.urlopen(request, timeout=SECONDS).close()  # noqa: S310
    except urllib.error.HTTPError as error:
        said = error.read(500).decode(errors="replace")
        raise LakehouseError(f"Slack refused a notice with HTTP status {error.code}: {said}") from None
    except (urllib.error.URLError, TimeoutError, ConnectionError) as error:
        raise LakehouseError(f"Slack did not answer: {getattr(error, 'reason', error)}") from None


def _escaped(said: str) -> str:
    """Slack reads `<`, `>` and `&` as its own; these three replacements are all that it asks for."""
    return said.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
