"""Send events to an OpenLineage endpoint, such as Marquez or DataHub, over HTTP.

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
"""Setting: URL to which events are posted, e.g. `https://marquez.example.com/api/v1/lineage`; by default none are."""

UNSENT = "LineageEventsUnsent"
"""Metric that counts in the logs how often events could not be sent; it has no dimensions."""
UNSENT_LOG = "lineage events were not sent"
"""Text of the log line that the metric counts."""

CONNECT_SECONDS, READ_SECONDS, RETRIES = 2, 5, 2


def endpoint_url() -> str | None:
    """Return the URL of the endpoint from the environment; None if it is not set."""
    return os.environ.get(ENDPOINT) or None


class Endpoint:
    """An endpoint; after the first failure this process sends no more events to it.

    A job has up to 100 attempts. If each of them waited for an endpoint that does not answer, lineage would delay the
    moves.
    """

    def __init__(self, url: str | None) -> None:
        """Prepare an endpoint; with None, no events are sent."""
        self.url = url or ""
        self._session = _session() if url else None

    def send(self, events: Sequence[Json]) -> None:
        """Post events one by one; a failure is only logged, because the events are in ops.lineage too."""
        for number, event in enumerate(events):
            if self._session is None:
                return
            try:
                _post(self._session, self.url, event)
            except OSError as error:  # base class of all exceptions of requests
                self._session = None
                job, left = event["job"]["name"], len(events) - number
                log.warning("%s: %d %s to %s: %s; this process sends no more", job, left, UNSENT_LOG, self.url, error)


def _post(session: "requests.Session", url: str, event: Json) -> None:
    answer = session.post(url, json=event, timeout=(CONNECT_SECONDS, READ_SECONDS), allow_redirects=False)
    if answer.status_code >= 300:
        raise OSError(f"{answer.status_code} {answer.reason}: {answer.text[:500]}")


def _session() -> "requests.Session":
    import requests
    from requests.adapters import HTTPAdapter
    from urllib3 import Retry

    retry = Retry(
        RETRIES,
        backoff_factor=0.2,
        status_forcelist=(429, 500, 502, 503, 504),
        allowed_methods=("POST",),  # receivers identify an event by its run and type, so a repeated one does no harm
        raise_on_status=False,
        respect_retry_after_header=False,
    )
    session = requests.Session()
    for scheme in ("http://", "https://"):
        session.mount(scheme, HTTPAdapter(max_retries=retry))
    return session
