"""Alerts: somebody is subscribed, and an alarm has reached its topic through the key."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from botocore.exceptions import ClientError

from lakehouse.names import Names, Urgency
from lakehouse.operations.doctor.check import Deployment, Finding, client, each, failed, is_missing, not_checked, passed

PENDING = "PendingConfirmation"
DAYS = 14
"""How long CloudWatch keeps the history of an alarm."""


def check_subscriptions(deployment: Deployment) -> Iterator[Finding]:
    """Check that each topic of alerts has subscribers who confirmed."""
    yield from each(Urgency, lambda urgency: _subscriptions(urgency, deployment.names))


def _subscriptions(urgency: Urgency, names: Names) -> Finding:
    topic, sns = names.alerts_topic(urgency), client("sns")
    arns = {
        item["TopicArn"].rpartition(":")[2]: item["TopicArn"]
        for page in sns.get_paginator("list_topics").paginate()
        for item in page["Topics"]
    }
    if topic not in arns:
        return failed(topic, "the topic does not exist")
    pages = sns.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=arns[topic])
    subscriptions = [item["SubscriptionArn"] for page in pages for item in page["Subscriptions"]]
    pending = subscriptions.count(PENDING)
    if pending:
        return failed(topic, f"{pending} of {len(subscriptions)} subscribers have not confirmed")
    if not subscriptions:
        return not_checked(topic, "has no subscriber: nobody is notified")
    return passed(topic, f"{len(subscriptions)} confirmed subscriber(s)")


def check_alarm_actions(deployment: Deployment) -> Iterator[Finding]:
    """Check that alarms which changed their state could publish to their topics."""
    cloudwatch = client("cloudwatch")
    begin, end = datetime.now(UTC) - timedelta(days=DAYS), datetime.now(UTC)
    pages = cloudwatch.get_paginator("describe_alarm_history").paginate(
        HistoryItemType="Action", StartDate=begin, EndDate=end
    )
    sent, lost = set(), {}
    for page in pages:
        for item in page["AlarmHistoryItems"]:
            name, summary = item["AlarmName"], item["HistorySummary"]
            if name.startswith(f"{deployment.names.prefix}-"):
                if summary.startswith("Failed"):
                    lost[name] = summary
                else:
                    sent.add(name)
    for name, summary in sorted(lost.items()):
        yield failed(name, summary)
    if sent:
        yield passed("alarms to topics", f"{len(sent)} alarm(s) notified in {DAYS} days")
    elif not lost:
        yield not_checked("alarms to topics", f"no alarm notified in {DAYS} days")


def check_arrivals(deployment: Deployment) -> Iterator[Finding]:
    """Check that objects which arrive in stage become messages: EventBridge may use the queue and its key."""
    names = deployment.names
    yield from each((names.arrivals, names.arrivals_dead_letters), lambda queue: _queue(queue, names))


def _queue(queue: str, names: Names) -> Finding:
    sqs = client("sqs")
    try:
        url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
    except ClientError as error:
        if is_missing(error):
            return failed(queue, "the queue does not exist")
        raise
    counts = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=list(counts))["Attributes"]
    waiting = sum(int(attributes.get(name, 0)) for name in counts)
    if queue == names.arrivals_dead_letters:
        return failed(queue, f"{waiting} message(s) could not be processed") if waiting else passed(queue, "is empty")
    return passed(queue, f"{waiting} message(s)") if waiting else not_checked(queue, "is empty: has a file arrived?")
