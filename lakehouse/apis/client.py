"""Call a REST API: page after page by dlt's client, never faster than allowed, and again where that may help.

Source: dlt's documentation, "REST client" and "Requests wrapper"; RFC 9110, section 10.2.3 (Retry-After).
"""

import io
import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from dlt.common.configuration.specs import RuntimeConfiguration
from dlt.sources.helpers.requests.retry import wait_exponential_retry_after
from dlt.sources.helpers.requests.session import Session
from dlt.sources.helpers.rest_client.auth import APIKeyAuth, BearerTokenAuth
from dlt.sources.helpers.rest_client.client import RESTClient
from dlt.sources.rest_api.config_setup import create_paginator
from requests import ConnectionError as NotConnectedError
from requests import HTTPError, PreparedRequest, Response, Timeout
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt, wait_random

from lakehouse.apis.page import Page, PageError, body_of, read, show
from lakehouse.contracts.api_source import Api
from lakehouse.contracts.model import Source
from lakehouse.errors import LakehouseError

log = logging.getLogger(__name__)

PASSING = (PageError, NotConnectedError, Timeout, HTTPError)
MAY_PASS = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}
"""Statuses that may be another the next time, beside those of the server's own faults."""

LOOPBACK = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long a request is tried.

    Args:
        tries: of one request.
        first: seconds before the second try; then twice as long each time, and up to `first` more at random.
        longest: seconds; an API that asks to be left alone for longer ends the pull.
        silence: seconds without a byte after which a try has failed.
    """

    tries: int = 6
    first: float = 1.0
    longest: float = 120.0
    silence: float = 60.0


class AskedToWaitError(Exception):
    """An API asks to be left alone for longer than a pull waits."""


def pages(
    source: Source, *, url: str, token: str, since: str | None, patience: Patience | None = None
) -> Iterator[Page]:
    """Yield the pages of one pull, each once and whole.

    Args:
        source: says how the API is called.
        url: address in this environment, which takes the place of the location's own; "" keeps it.
        token: "" sends none.
        since: cursor; None asks for all.
        patience: how long a request is tried.

    Raises:
        LakehouseError: the API refuses, or leads elsewhere.
        PageError: what came was no page, or one that had come before, as often as it was tried.
        HTTPError, ConnectionError, Timeout: of requests; it failed as often as it was tried.
        AskedToWaitError: as it says.
    """
    api = source.api
    assert api is not None
    patience = patience or Patience()
    address = _address(api, url)
    auth = _auth(api, token)
    client = RESTClient(
        base_url=address,
        auth=auth,
        paginator=create_paginator({"type": api.paginator, **_paging(api)}),  # type: ignore[arg-type]
        data_selector=".".join(api.records) or "$",
        session=_session(address, api=api, patience=patience),
        config=RuntimeConfiguration(),
    )
    parameters: dict[str, Any] = dict(api.parameters)
    if api.incremental and since is not None:
        parameters[api.incremental.parameter] = since
    check = _Check(source, patience=patience)
    answers = client.paginate(
        address, params=parameters, hooks={"response": [check]}, stream=True, allow_redirects=False
    )
    for _ in answers:
        yield check.accepted


class _Check:
    """Refuses what is no page, within the request's tries, and keeps the page that was accepted last."""

    accepted: Page

    def __init__(self, source: Source, *, patience: Patience) -> None:
        self._source, self._patience = source, patience
        self._seen: set[str] = set()

    def __call__(self, response: Response, *_: Any, **__: Any) -> None:
        body = body_of(response)
        self._check_status(response, body)
        page = read(body, self._source)
        if page.records and page.digest in self._seen:
            raise PageError("the same page as before in this pull: its cursor does not move")
        self._seen.add(page.digest)
        self.accepted = page
        # dlt reads it too, for what leads to the next page.
        response.raw = io.BytesIO(body)

    def _check_status(self, response: Response, body: bytes) -> None:
        status = response.status_code
        if status == HTTPStatus.OK:
            return
        said = f"{status} {show(response.reason.encode())} of {_without_query(response.url)}: {show(body)}"
        if status in MAY_PASS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            error = HTTPError(said, response=response)
            asked = _asked_to_wait(response)
            if asked > self._patience.longest:
                raise AskedToWaitError(f"{said}; it asks to wait {asked:.0f} s, longer than a pull waits")
            raise error
        raise LakehouseError(f"{said}; look at the contract's `servers`, and at the token in the source's secret")


def _say(tries: RetryCallState) -> None:
    assert tries.outcome is not None
    assert tries.next_action is not None
    log.warning(
        "try %s failed, again in %.1f s: %s", tries.attempt_number, tries.next_action.sleep, tries.outcome.exception()
    )


def _asked_to_wait(response: Response) -> float:
    """Seconds until the next request is welcome; 0 if the answer does not say."""
    said = response.headers.get("Retry-After", "")
    if said.isdecimal():
        return float(said)
    try:
        return (parsedate_to_datetime(said) - datetime.now(UTC)).total_seconds()
    except (ValueError, TypeError):  # no date, or one without an offset
        return 0.0


def _session(address: str, *, api: Api, patience: Patience) -> Session:
    """A session of dlt's that tries again, and that never sends the token to another host."""
    session = Session(timeout=patience.silence, raise_for_status=False)
    tries = Retrying(
        # Random besides, so that those who failed together do not come again together; a Retry-After is the least.
        wait=wait_exponential_retry_after(multiplier=patience.first, max=patience.longest)
        + wait_random(0, patience.first),
        retry=retry_if_exception_type(PASSING),
        stop=stop_after_attempt(patience.tries),
        before_sleep=_say,
        reraise=True,
    )
    send = _paced(session.send, requests_a_minute=api.requests_a_minute)

    def to_this_host_alone(request: PreparedRequest, **settings: Any) -> Response:
        if urlsplit(request.url)[:2] != urlsplit(address)[:2]:
            raise LakehouseError(f"{_without_query(address)} leads to {show(str(request.url).encode())}, another host")
        return send(request, **settings)

    session.send = tries.wraps(to_this_host_alone)  # type: ignore[method-assign]
    return session


def _paced(send: Callable[..., Response], *, requests_a_minute: int | None) -> Callable[..., Response]:
    if requests_a_minute is None:
        return send
    least = 60 / requests_a_minute
    last = float("-inf")

    def paced(request: PreparedRequest, **settings: Any) -> Response:
        nonlocal last
        time.sleep(max(0.0, last + least - time.monotonic()))
        last = time.monotonic()
        return send(request, **settings)

    return paced


def _address(api: Api, url: str) -> str:
    address = f"{url.rstrip('/')}{urlsplit(api.location).path}" if url else api.location
    parts = urlsplit(address)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
        raise LakehouseError(f"{show(address.encode())}: a token is sent over https alone; mend `url` in the secret")
    return address


def _auth(api: Api, token: str) -> BearerTokenAuth | APIKeyAuth | None:
    if not token:
        return None
    if api.token_header:
        return APIKeyAuth(name=api.token_header, api_key=token, location="header")
    return BearerTokenAuth(token=token)


def _paging(api: Api) -> dict[str, Any]:
    # dlt would look for a total where the contract names none.
    total = {"total_path": None} if api.paginator in ("page_number", "offset") else {}
    return total | dict(api.paging)


def _without_query(url: str) -> str:
    return url.partition("?")[0]
