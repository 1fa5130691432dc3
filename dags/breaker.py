"""Circuit breaker of a source: after three failures in a row, the source is not called until a cool-down has passed.

The state is the Airflow variable `breaker-<source>`, which all DAGs share. Delete the variable to close the breaker.

Source: M. Nygard, "Release It!", chapter "Circuit Breaker".
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from airflow.sdk import Variable
from airflow.sdk.exceptions import AirflowRescheduleException, AirflowSkipException

FAILURES = 3
COOL_DOWN = timedelta(minutes=15)


@contextmanager
def calls(source: str) -> Iterator[None]:
    """Guard a block that calls a source: skip it while the breaker is open, and count an exception as a failure.

    After the cool-down one call is allowed. If it fails too, the next cool-down starts.

    Raises:
        AirflowSkipException: the breaker is open; the message says why and until when.
    """
    key = f"breaker-{source}"
    state = Variable.get(key, default=None, deserialize_json=True) or {"failures": 0}
    if state["failures"] >= FAILURES:
        until = datetime.fromisoformat(state["last"]) + COOL_DOWN
        if datetime.now(UTC) < until:
            raise AirflowSkipException(
                f"{source} is not called before {until:%Y-%m-%d %H:%M:%S} UTC: it failed {state['failures']} times "
                f"in a row, last with: {state['reason']}. To call it sooner, delete the variable {key}."
            )
    try:
        yield
    except AirflowRescheduleException:  # the call has not ended yet
        raise
    except Exception as error:
        failed = {
            "failures": state["failures"] + 1,
            "last": datetime.now(UTC).isoformat(),
            "reason": f"{type(error).__name__}: {error}",
        }
        Variable.set(key, failed, serialize_json=True)
        raise
    if state["failures"]:
        Variable.delete(key)
