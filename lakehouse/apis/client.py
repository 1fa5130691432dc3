"""Call a REST API page by page with dlt's client, not faster than allowed, and retry requests that may succeed later.

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

RETRIED = (PageError, NotConnectedError, Timeout, HTTPError)
RETRIED_STATUSES = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}
"""Statuses of requests that are retried, in addition to server errors (500 and above)."""

LOOPBACK = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True, slots=True, kw_only=True)
class Retries:
    """How often and how long a request is retried.

    Attributes:
        tries: most tries of one request.
        first_wait: seconds before the second try; doubled for each further try, plus up to `first_wait` at random.
        longest_wait: seconds; if the API asks for a longer wait, the pull fails.
        timeout: seconds without a byte after which a try has failed.
    """

    tries: int = 6
    first_wait: float = 1.0
    longest_wait: float = 120.0
    timeout: float = 60.0


class WaitTooLongError(Exception):
    """An API asks for a longer wait than a pull allows."""


def pages(source: Source, *, url: str, token: str, since: str | None, retries: Retries | None = None) -> Iterator[Page]:
    """Yield the pages of one pull, each once and complete.

    Args:
        source: the API and how it is called.
        url: address in this environment, which replaces that of the contract; "" keeps it.
        token: "" sends no token.
        since: cursor; None requests all records.
        retries: how often a request is retried.

    Raises:
        LakehouseError: the API refuses the request, or leads to another host.
        PageError: all tries returned no page, or a page that this pull has already.
        HTTPError: all tries failed.
        ConnectionError: all tries failed.
        Timeout: all tries failed.
        WaitTooLongError: the API asks for a longer wait than a pull allows.
    """
    api = source.api
    assert api is not None
    retries = retries or Retries()
    address = _address(api, url)
    auth = _auth(api, token)
    client = RESTClient(
        base_url=address,
        auth=auth,
        paginator=create_paginator({"type": api.paginator, **_paging(api)}),  # type: ignore[arg-type]
        data_selector=".".join(api.records) or "$",
        session=_session(address, api=api, retries=retries),
        config=RuntimeConfiguration(),
    )
    parameters: dict[str, Any] = dict(api.parameters)
    if api.incremental and since is not None:
        parameters[api.incremental.parameter] = since
    check = _PageCheck(source, retries=retries)
    responses = client.paginate(
        address, params=parameters, hooks={"response": [check]}, stream=True, allow_redirects=False
    )
    for _ in responses:
        yield check.page


class _PageCheck:
    """A hook that reads each response, raises what a retry can help, and keeps the last page."""

    page: Page

    def __init__(self, source: Source, *, retries: Retries) -> None:
        self._source, self._retries = source, retries
        self._seen: set[str] = set()

    def __call__(self, response: Response, *_: Any, **__: Any) -> None:
        body = body_of(response)
        self._check_status(response, body)
        page = read(body, self._source)
        if page.records and page.digest in self._seen:
            raise PageError("the same page as before in this pull: the API's paging does not advance")
        self._seen.add(page.digest)
        self.page = page
        # dlt reads the body again to find the next page.
        response.raw = io.BytesIO(body)

    def _check_status(self, response: Response, body: bytes) -> None:
        status = response.status_code
        if status == HTTPStatus.OK:
            return
        answer = f"{status} {show(response.reason.encode())} of {_without_query(response.url)}: {show(body)}"
        if status in RETRIED_STATUSES or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            wait = _retry_after(response)
            if wait > self._retries.longest_wait:
                longest = self._retries.longest_wait
                raise WaitTooLongError(f"{answer}; it asks for a wait of {wait:.0f} s, longer than {longest:.0f} s")
            raise HTTPError(answer, response=response)
        raise LakehouseError(f"{answer}; check the contract's `servers`, and the token in the source's secret")


def _log_try(tries: RetryCallState) -> None:
    assert tries.outcome is not None
    assert tries.next_action is not None
    log.warning(
        "try %s failed, next in %.1f s: %s", tries.attempt_number, tries.next_action.sleep, tries.outcome.exception()
    )


def _retry_after(response: Response) -> float:
    """Return the seconds that the response asks to wait; 0 if it does not ask."""
    header = response.headers.get("Retry-After", "")
    if header.isdecimal():
        return float(header)
    try:
        return (parsedate_to_datetime(header) - datetime.now(UTC)).total_seconds()
    except (ValueError, TypeError):  # not a date, or one without an offset
        return 0.0


def _session(address: str, *, api: Api, retries: Retries) -> Session:
    """Return a session of dlt that retries requests and never sends the token to another host."""
    session = Session(timeout=retries.timeout, raise_for_status=False)
    tries = Retrying(
        # At least Retry-After, plus a random part, so that clients that failed together do not retry together.
        wait=wait_exponential_retry_after(multiplier=retries.first_wait, max=retries.longest_wait)
        + wait_random(0, retries.first_wait),
        retry=retry_if_exception_type(RETRIED),
        stop=stop_after_attempt(retries.tries),
        before_sleep=_log_try,
        reraise=True,
    )
    send = _paced(session.send, requests_a_minute=api.requests_a_minute)

    def send_to_same_host(request: PreparedRequest, **settings: Any) -> Response:
        if urlsplit(request.url)[:2] != urlsplit(address)[:2]:
            raise LakehouseError(f"{_without_query(address)} leads to {show(str(request.url).encode())}, another host")
        return send(request, **settings)

    session.send = tries.wraps(send_to_same_host)  # type: ignore[method-assign]
    return session


def _paced(send: Callable[..., Response], *, requests_a_minute: int | None) -> Callable[..., Response]:
    """Return a function that sends at most so many requests per minute."""
    if requests_a_minute is None:
        return send
    interval = 60 / requests_a_minute
    last = float("-inf")

    def paced(request: PreparedRequest, **settings: Any) -> Response:
        nonlocal last
        time.sleep(max(0.0, last + interval - time.monotonic()))
        last = time.monotonic()
        return send(request, **settings)

    return paced


def _address(api: Api, url: str) -> str:
    address = f"{url.rstrip('/')}{urlsplit(api.location).path}" if url else api.location
    parts = urlsplit(address)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
        raise LakehouseError(f"{show(address.encode())}: a token is sent over https only; fix `url` in the secret")
    return address


def _auth(api: Api, token: str) -> BearerTokenAuth | APIKeyAuth | None:
    if not token:
        return None
    if api.token_header:
        return APIKeyAuth(name=api.token_header, api_key=token, location="header")
    return BearerTokenAuth(token=token)


def _paging(api: Api) -> dict[str, Any]:
    # Without this, dlt would look for a total even if the contract names none.
    total = {"total_path": None} if api.paginator in ("page_number", "offset") else {}
    return total | dict(api.paging)


def _without_query(url: str) -> str:
    return url.partition("?")[0]
