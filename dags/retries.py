"""Retry failures that may be temporary; all others fail their task at once."""

from collections.abc import Iterator
from contextlib import contextmanager

from airflow.sdk.exceptions import AirflowFailException, AirflowRescheduleException, AirflowSkipException

from dags.failures import may_be_temporary


@contextmanager
def temporary_failures_only() -> Iterator[None]:
    """Let Airflow retry only failures that may be temporary.

    Raises:
        AirflowFailException: replaces an error that a retry does not fix; Airflow then fails the task at once.
    """
    try:
        yield
    except (AirflowFailException, AirflowSkipException, AirflowRescheduleException):
        raise
    except Exception as error:
        if may_be_temporary(f"{type(error).__name__}: {error}"):
            raise
        raise AirflowFailException(str(error)) from error
