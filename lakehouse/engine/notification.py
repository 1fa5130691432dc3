"""Send a notification to the SNS topic of its urgency."""

from collections.abc import Mapping
from typing import Any

from lakehouse.names import Names, Urgency

SUBJECT_LIMIT = 100
"""Source: Amazon SNS API reference, "Publish"."""


def send(sns: Any, names: Names, *, urgency: Urgency, subject: str, lines: Mapping[str, Any]) -> None:
    """Send a notification.

    Args:
        sns: SNS client.
        names: names of the deployment; its prefix begins the subject.
        urgency: how soon somebody must act.
        subject: what happened; it is cut at SNS's limit.
        lines: text by name; a line without a text is left out.
    """
    sns.publish(
        TopicArn=f"arn:aws:sns:{names.region}:{names.account}:{names.alerts_topic(urgency)}",
        Subject=f"{names.prefix}: {subject}"[:SUBJECT_LIMIT],
        Message="\n".join(f"{name}: {text}" for name, text in lines.items() if text),
    )
