"""Lambda function that posts the notifications of the alert topics to a Slack channel, through an incoming webhook.

In Lambda only boto3 is installed, so this module imports nothing else.

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
"""Environment variable with the id of the secret that holds the webhook's URL."""
TIMEOUT_SECONDS = 10
MOST_CHARACTERS = 30_000
"""Longest message; Slack's limit is 40,000 characters."""


def handler(event: Mapping[str, Any], context: object) -> None:
    """Post each SNS message to Slack; if it raises, Lambda retries it twice.

    Args:
        event: event of SNS, with `Records`.
        context: context of Lambda; not used.

    Raises:
        LakehouseError: the secret contains no webhook, or Slack did not accept the message.
    """
    url = webhook(os.environ[SECRET])
    for record in event["Records"]:
        notification = record["Sns"]
        post(url, message_text(notification.get("Subject") or "", notification["Message"]))


def message_text(subject: str, message: str) -> str:
    """Return a notification in Slack's format: the subject in bold, and all other markup escaped.

    Args:
        subject: subject of the SNS message.
        message: a text of the lakehouse, or the JSON of a CloudWatch alarm, of which description and reason are shown.
    """
    try:
        alarm = json.loads(message)
    except json.JSONDecodeError:
        alarm = None
    if isinstance(alarm, dict) and "AlarmName" in alarm:
        message = f"{alarm.get('AlarmDescription') or ''}\n{alarm.get('NewStateReason') or ''}".strip()
    heading = f"*{_escaped(subject)}*\n" if subject else ""
    return (heading + _escaped(message))[:MOST_CHARACTERS]


def webhook(secret: str) -> str:
    """Return the URL of the webhook from a secret; anyone with the URL can post to the channel.

    Raises:
        LakehouseError: the secret does not contain a URL yet.
    """
    url = boto3.client("secretsmanager").get_secret_value(SecretId=secret)["SecretString"].strip()
    if not url.startswith(("https://", "http://127.0.0.1:")):
        raise LakehouseError(
            f"secret {secret} does not contain the URL of a Slack webhook; set it: `aws secretsmanager "
            f"put-secret-value --secret-id {secret} --secret-string https://hooks.slack.com/services/...`"
        )
    return str(url)


def post(url: str, message: str) -> None:
    """Post a message to a webhook.

    Raises:
        LakehouseError: Slack refused the message or did not answer; the error quotes Slack and hides the secret URL.
    """
    request = urllib.request.Request(  # noqa: S310 - the scheme is checked
        url, data=json.dumps({"text": message}).encode(), headers={"Content-Type": "application/json"}
    )
    try:
        urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS).close()  # noqa: S310
    except urllib.error.HTTPError as error:
        answer = error.read(500).decode(errors="replace")
        raise LakehouseError(f"Slack refused a notification with HTTP status {error.code}: {answer}") from None
    except (urllib.error.URLError, TimeoutError, ConnectionError) as error:
        raise LakehouseError(f"Slack did not answer: {getattr(error, 'reason', error)}") from None


def _escaped(text: str) -> str:
    """Escape the three characters that Slack's format uses."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
