"""CloudWatch: alarms evaluate the metric with their dimensions, period by period, and treat missing data as in AWS.

ministack combines the data of a metric name over all dimensions and periods, and does not support missing data.

Alarms are evaluated when metrics are put and when alarms are described, not by a clock. The last period ends now, not
at a whole minute.

Source: Amazon CloudWatch user guide, "Configuring how CloudWatch alarms treat missing data".
"""

import operator
import time
from collections.abc import Callable
from typing import Any

from ministack.services import cloudwatch  # type: ignore[import-untyped]

from emulator.runtime import plugin, principals
from emulator.runtime.authorization.deliveries import may_deliver

ACTIONS = {"ALARM": "AlarmActions", "OK": "OKActions", "INSUFFICIENT_DATA": "InsufficientDataActions"}
"""For each state: the list of topics that hear of a change to it."""

COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": operator.ge,
    "GreaterThanThreshold": operator.gt,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}

_describe_alarms = cloudwatch._describe_alarms


def register() -> None:
    """Replace ministack's evaluation of alarms."""
    cloudwatch._evaluate_alarm = _evaluate
    cloudwatch._describe_alarms = _evaluate_and_describe
    dispatch = cloudwatch._dispatch_alarm_actions

    def dispatched(alarm: dict[str, Any], *change: Any) -> None:
        actions = ACTIONS.get(change[1], "")
        dispatch(alarm | {actions: _permitted(alarm, alarm.get(actions) or [])}, *change)

    cloudwatch._dispatch_alarm_actions = dispatched


def _permitted(alarm: dict[str, Any], topics: list[str]) -> list[str]:
    """Return the topics to which CloudWatch may publish an alarm."""
    service = principals.service("cloudwatch.amazonaws.com", plugin.account())
    source = alarm.get("AlarmArn") or plugin.arn("cloudwatch", f"alarm:{alarm['AlarmName']}")
    return [topic for topic in topics if may_deliver(service, topic, source=source, account=plugin.account())]


def _evaluate_and_describe(*request: Any) -> Any:
    cloudwatch._evaluate_all_alarms()
    return _describe_alarms(*request)


def _evaluate(alarm: dict[str, Any]) -> None:
    values = _values(alarm, until=time.time())
    old, new = alarm["StateValue"], _state(alarm, values)
    if old == new:
        return
    reason = (
        f"Values of the last {len(values)} periods, the newest first: {values} "
        f"({alarm['ComparisonOperator']} {alarm['Threshold']}, missing data: {alarm['TreatMissingData']})."
    )
    alarm.update(StateValue=new, StateReason=reason, StateUpdatedTimestamp=int(time.time()))
    cloudwatch._record_history(alarm["AlarmName"], old, new, reason)
    cloudwatch._dispatch_alarm_actions(alarm, old, new, reason)
    cloudwatch._evaluate_parent_alarms(alarm)


def _values(alarm: dict[str, Any], *, until: float) -> list[float | None]:
    """Return the alarm's statistic of each evaluated period, the newest first; None for a period without data."""
    dimensions = cloudwatch._dims_key({dimension["Name"]: dimension["Value"] for dimension in alarm["Dimensions"]})
    points = cloudwatch._metrics.get((alarm["Namespace"], alarm["MetricName"], dimensions)) or []
    statistic = alarm["ExtendedStatistic"] or alarm["Statistic"]
    values: list[float | None] = []
    for number in range(alarm["EvaluationPeriods"]):
        end = until - number * alarm["Period"]
        within = [point for point in points if end - alarm["Period"] < point["Timestamp"] <= end]
        stats = cloudwatch._calc_stats(within)
        values.append(cloudwatch._stat_value(stats, statistic, within) if stats else None)
    return values


def _state(alarm: dict[str, Any], values: list[float | None]) -> str:
    compare = COMPARISONS[alarm["ComparisonOperator"]]
    missing = alarm["TreatMissingData"]
    breaches = [compare(value, alarm["Threshold"]) for value in values if value is not None]
    datapoints = alarm.get("DatapointsToAlarm") or alarm["EvaluationPeriods"]
    if missing in ("breaching", "notBreaching"):
        breaches += [missing == "breaching"] * (len(values) - len(breaches))
    elif not breaches:
        return str(alarm["StateValue"]) if missing == "ignore" else "INSUFFICIENT_DATA"
    return "ALARM" if sum(breaches) >= min(datapoints, len(breaches)) else "OK"
