"""Failures that may pass are tried again, the others fail their task at once."""

from collections.abc import Iterator
from contextlib import contextmanager

from airflow.sdk.exceptions import AirflowFailException, AirflowRescheduleException, AirflowSkipException

from dags.failures import may_pass


@contextmanager
def only_what_may_pass() -> Iterator[None]:
    """Let Airflow try again what may pass; what will not fails its task at once.

    Raises:
        AirflowFailException: in place of an error that a repetition does not mend.
    """
    try:
        yield
    except (AirflowFailException, AirflowSkipException, AirflowRescheduleException):
        raise
    except Exception as error:
        if may_pass(f"{type(error).__name__}: {error}"):
            raise
        raise AirflowFailException(str(error)) from error
