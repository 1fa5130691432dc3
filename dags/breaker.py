"""Circuit breaker of a source: after some failures in a row it is left alone until a cool-down has passed.

Its state is the Airflow variable `breaker-<source>`, which all DAGs share and which one may delete to close it by hand.

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
    """Call a source in this block, unless its breaker is open; the block's end says whether the call succeeded.

    After the cool-down one call is let through: if it fails too, the next cool-down begins.

    Raises:
        AirflowSkipException: the breaker is open; says since when, why and until when.
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
    except AirflowRescheduleException:  # not an end yet
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
