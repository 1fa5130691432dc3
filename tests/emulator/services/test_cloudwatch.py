"""Alarms of the emulated CloudWatch: how many periods must breach, and what missing data means."""

from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

PERIOD = 60
ALARM, OK, UNKNOWN = "ALARM", "OK", "INSUFFICIENT_DATA"


def state(name: str, values: list[float | None], *, missing: str, needed: int = 3) -> str:
    """State of an alarm on more than 10 in `needed` of three periods, whose values are these, the oldest first."""
    cloudwatch: Any = boto3.client("cloudwatch")
    now = datetime.now(UTC)
    data = [
        {"MetricName": name, "Value": value, "Timestamp": now - timedelta(seconds=PERIOD * age + 1)}
        for age, value in enumerate(reversed(values))
        if value is not None
    ]
    if data:
        cloudwatch.put_metric_data(Namespace="test", MetricData=data)
    cloudwatch.put_metric_alarm(
        AlarmName=name,
        Namespace="test",
        MetricName=name,
        Statistic="Maximum",
        Period=PERIOD,
        EvaluationPeriods=3,
        DatapointsToAlarm=needed,
        Threshold=10,
        ComparisonOperator="GreaterThanThreshold",
        TreatMissingData=missing,
    )
    [alarm] = cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"]
    found: str = alarm["StateValue"]
    return found


@pytest.mark.usefixtures("aws")
@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([None, None, None], {"missing": UNKNOWN, "ignore": UNKNOWN, "breaching": ALARM, "notBreaching": OK}),
        ([11, None, None], {"missing": ALARM, "ignore": ALARM, "breaching": ALARM, "notBreaching": OK}),
        ([None, 9, None], {"missing": OK, "ignore": OK, "breaching": OK, "notBreaching": OK}),
        ([11, 12, 13], {"missing": ALARM, "ignore": ALARM, "breaching": ALARM, "notBreaching": ALARM}),
        ([11, 12, 10], {"missing": OK, "ignore": OK, "breaching": OK, "notBreaching": OK}),
    ],
)
def test_missing_data(values: list[float | None], expected: dict[str, str]) -> None:
    name = "-".join(map(str, values))
    assert {missing: state(f"{name}-{missing}", values, missing=missing) for missing in expected} == expected


@pytest.mark.usefixtures("aws")
def test_some_of_the_periods_may_be_enough() -> None:
    assert state("two-of-three", [11, 9, 12], missing="missing", needed=2) == ALARM
    assert state("three-of-three", [11, 9, 12], missing="missing", needed=3) == OK


@pytest.mark.usefixtures("aws")
def test_an_alarm_that_ignores_missing_data_stays_as_it_is() -> None:
    cloudwatch: Any = boto3.client("cloudwatch")
    assert state("kept", [None, None, None], missing="ignore") == UNKNOWN
    cloudwatch.set_alarm_state(AlarmName="kept", StateValue=ALARM, StateReason="by hand")
    [alarm] = cloudwatch.describe_alarms(AlarmNames=["kept"])["MetricAlarms"]
    assert alarm["StateValue"] == ALARM
