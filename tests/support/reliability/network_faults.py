"""Faults of a network and of AWS, in a mix that a seed repeats."""

import json
import random
import time
from collections import Counter
from collections.abc import Callable
from threading import Lock

from tests.support.fault_proxy import Answer, Forward, Request

HUNG_SECONDS = 4.0
"""More than the 3 s that Arrow's client waits; who waits longer sees the connection end."""

SLOW_SECONDS = 1.0


def refused(request: Request, *, status: int, code: str) -> Answer:
    """An error as S3, STS or a service with a JSON API tells it."""
    if request.service in ("s3", "sts"):
        error = f"<Error><Code>{code}</Code><Message>injected</Message></Error>"
        body = (error if request.service == "s3" else f"<ErrorResponse>{error}</ErrorResponse>").encode()
        kind = "application/xml"
    else:
        body, kind = json.dumps({"__type": code, "message": "injected"}).encode(), "application/x-amz-json-1.1"
    if request.method == "HEAD":
        body = b""
    return Answer(status=status, headers=(("Content-Type", kind),), body=body)


def server_error(request: Request, forward: Forward) -> Answer:
    code = "InternalError" if request.service == "s3" else "InternalServiceException"
    return refused(request, status=500, code=code)


def slow_down(request: Request, forward: Forward) -> Answer:
    if request.service == "s3":
        return refused(request, status=503, code="SlowDown")
    return refused(request, status=400, code="ThrottlingException")


def reset(request: Request, forward: Forward) -> None:
    """The connection breaks before the request came through."""


def answer_lost(request: Request, forward: Forward) -> None:
    """It breaks after AWS has done what was asked."""
    forward()


def hung(request: Request, forward: Forward) -> None:
    time.sleep(HUNG_SECONDS)


def truncated(request: Request, forward: Forward) -> Answer:
    """It breaks in the middle of the answer's body."""
    answer = forward()
    return Answer(status=answer.status, headers=answer.headers, body=answer.body, sent=len(answer.body) // 2)


def slow(request: Request, forward: Forward) -> Answer:
    answer = forward()
    return Answer(status=answer.status, headers=answer.headers, body=answer.body, seconds=SLOW_SECONDS)


def conflict(request: Request, forward: Forward) -> Answer:
    """Another commit came first, says the catalog; everybody else is just told to come again."""
    if request.action != "UpdateTable":
        return slow_down(request, forward)
    return refused(request, status=400, code="ConcurrentModificationException")


def expired(request: Request, forward: Forward) -> Answer:
    code = "ExpiredToken" if request.service == "s3" else "ExpiredTokenException"
    return refused(request, status=400, code=code)


Fault = Callable[[Request, Forward], Answer | None]
MEDDLED = ("s3", "glue", "sts")
"""What a job cannot do without: if CloudWatch is gone, a job says so and goes on (`lakehouse/moves/job.py`)."""

MIX: tuple[Fault, ...] = (server_error, slow_down, reset, answer_lost, hung, truncated, slow, conflict)


class Weather:
    """Does one of the faults of the mix to a share of the requests; which, and to which, follows from the seed.

    Requests that are sent at the same time come in an order of their own: a seed repeats the mix, and nearly the run.
    """

    def __init__(self, *, seed: str, share: float) -> None:
        self._random = random.Random(seed)  # noqa: S311 - to be repeatable
        self._share = share
        self._lock = Lock()
        self.requests = 0
        self.done = Counter[str]()

    def __call__(self, request: Request, forward: Forward) -> Answer | None:
        with self._lock:
            self.requests += 1
            happens, fault = self._random.random() < self._share, self._random.choice(MIX)
            happens = happens and request.service in MEDDLED
            if happens:
                self.done[fault.__name__.replace("_", " ")] += 1
        return fault(request, forward) if happens else forward()


class Expiry:
    """Credentials that expire in the middle: good for so many requests, and for none after that."""

    def __init__(self, *, after: int) -> None:
        self._left = after
        self._lock = Lock()
        self.refused = 0

    def __call__(self, request: Request, forward: Forward) -> Answer:
        with self._lock:
            self._left -= 1
            is_over = self._left < 0
            self.refused += is_over
        return expired(request, forward) if is_over and request.service in MEDDLED else forward()
