"""Events to an OpenLineage endpoint, such as Marquez or DataHub, over HTTP.

Source: OpenLineage specification, "OpenLineage.yml" (`POST /lineage`).
"""

import logging
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from lakehouse.lineage.events import Json

if TYPE_CHECKING:
    import requests

log = logging.getLogger(__name__)

ENDPOINT = "LAKEHOUSE_LINEAGE_ENDPOINT"
"""Setting: URL that events are posted to, e.g. `https://marquez.example.com/api/v1/lineage`; without it, nowhere."""

UNSENT = "LineageEventsUnsent"
"""Times that events could not be sent; without dimensions, counted in the logs."""
UNSENT_LOG = "lineage events were not sent"
"""What is logged then."""

CONNECT_SECONDS, READ_SECONDS, RETRIES = 2, 5, 2


def asked_for() -> str | None:
    """The endpoint that the environment names."""
    return os.environ.get(ENDPOINT) or None


class Endpoint:
    """An endpoint, and whether it answers: once it did not, this process sends it nothing more.

    A job has up to 100 attempts; to wait for a dead receiver in each of them would make lineage what a move waits for.
    """

    def __init__(self, url: str | None) -> None:
        self.url = url or ""
        self._session = _session() if url else None

    def send(self, events: Sequence[Json]) -> None:
        """Post events, one by one; what cannot be sent is logged and fails nothing, for ops.lineage has it."""
        for number, event in enumerate(events):
            if self._session is None:
                return
            try:
                _post(self._session, self.url, event)
            except OSError as error:  # all that requests raises
                self._session = None
                job, left = event["job"]["name"], len(events) - number
                log.warning("%s: %d %s to %s: %s; no more is tried", job, left, UNSENT_LOG, self.url, error)


def _post(session: "requests.Session", url: str, event: Json) -> None:
    answer = session.post(url, json=event, timeout=(CONNECT_SECONDS, READ_SECONDS), allow_redirects=False)
    if answer.status_code >= 300:
        raise OSError(f"{answer.status_code} {answer.reason}: {answer.text[:500]}")


def _session() -> "requests.Session":
    import requests
    from requests.adapters import HTTPAdapter
    from urllib3 import Retry

    patience = Retry(
        RETRIES,
        backoff_factor=0.2,
        status_forcelist=(429, 500, 502, 503, 504),
        allowed_methods=("POST",),  # an event that comes twice is one event: its run and type say so
        raise_on_status=False,
        respect_retry_after_header=False,
    )
    session = requests.Session()
    for scheme in ("http://", "https://"):
        session.mount(scheme, HTTPAdapter(max_retries=patience))
    return session
