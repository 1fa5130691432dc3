"""What a plug-in of the embedded AWS may do: answer API operations, keep state, run something at start and stop.

Import this module only in the server process (modules of `emulator.services` and what they use): it imports ministack.
"""

import asyncio
import json
import logging
import os
import re
import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from ministack import app as ministack  # type: ignore[import-untyped]
from ministack.core import router  # type: ignore[import-untyped]
from ministack.core.responses import get_account_id, get_region  # type: ignore[import-untyped]

from emulator.runtime import checkpoint
from emulator.runtime.server_lifecycle import endpoint_environment
from emulator.runtime.settings import ministack_settings

log = logging.getLogger("lakehouse")

Json = dict[str, Any]
Operation = Callable[[Json], Json]
Response = tuple[int, dict[str, str], bytes]

application = ministack.app
# Whoever signs for a service means it; ministack would first read every service model of botocore, for 15 seconds.
router._is_aws_service_name = bool
endpoint = f"http://127.0.0.1:{os.environ['GATEWAY_PORT']}"
root = Path(os.environ["LAKEHOUSE_LOCAL_ROOT"])

_SERVER_ONLY = {"LAKEHOUSE_LOCAL_TOKEN", *ministack_settings(root, port=0, account="", region="")}

_operations: dict[str, dict[str, Operation]] = {}
_before_stop: list[Callable[[], None]] = []
_stops: list[Callable[[], None]] = []


class AwsError(Exception):
    """An error that the API answers with.

    Args:
        code: AWS error code, such as `EntityNotFoundException`.
        message: what is wrong and what to do.
        status: HTTP status.
    """

    def __init__(self, code: str, message: str, *, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.status = status


def operations(service: str, table: Mapping[str, Operation]) -> None:
    """Answer operations of a service that speaks AWS's JSON protocol; the rest goes on to ministack.

    An operation is a function of the request's members that returns the response's. It runs in a thread, under the
    caller's account and region (`account()`, `region()`), and raises `AwsError`. A service that ministack lacks
    refuses, by name, every operation that no plug-in answers.

    Args:
        service: the name that requests are signed for (`glue`, `dms` ...).
        table: operation name to function; a later registration of a name wins.
    """
    if service not in _operations:
        _operations[service] = {}
        ministack.SERVICE_HANDLERS[service] = _handler(service, otherwise=ministack.SERVICE_HANDLERS.get(service))
    _operations[service].update(table)


def paths(service: str, operation: Callable[[str, str, bytes], Json | None]) -> None:
    """Answer operations of a service that speaks AWS's REST protocol with JSON.

    Args:
        service: the name that requests are signed for (`kafka` ...).
        operation: a function of method, path and body that returns the response's members, or None for what goes on to
            ministack; it runs and raises as those of `operations` do.
    """
    otherwise = ministack.SERVICE_HANDLERS[service]

    def answered(method: str, path: str, body: bytes) -> Response | None:
        try:
            response = operation(method, path, body)
        except AwsError as error:
            return refusal(error)
        return None if response is None else answer(response)

    async def handle(
        method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, list[str]]
    ) -> Response:
        response = await asyncio.to_thread(answered, method, path, body)
        if response is None:
            response = await otherwise(method, path, headers, body, query)
        return response

    ministack.SERVICE_HANDLERS[service] = handle


def before_first_request(service: str, install: Callable[[], None]) -> None:
    """Run something once, before a service's first request: for what takes long to import and is seldom used."""
    handler = ministack.SERVICE_HANDLERS[service]
    lock = asyncio.Lock()
    installed = False

    async def handle(*request: Any) -> Any:
        nonlocal installed
        async with lock:
            if not installed:
                await asyncio.to_thread(install)
                installed = True
        return await handler(*request)

    ministack.SERVICE_HANDLERS[service] = handle


def state(name: str, *, save: Callable[[], Any], load: Callable[[Any], None]) -> None:
    """Keep a plug-in's state on disk. Call `checkpoint.flush(name)` before an answer that must survive a crash.

    Args:
        name: file name of the state; the name of a service marks it by each request that changes that service.
        save: gives the state as JSON values.
        load: takes the state that an earlier server left; not called if there is none.
    """
    left = checkpoint.add(name, save)
    if left is not None:
        load(left)


def stores(name: str, kept: Mapping[str, Any]) -> None:
    """Keep stores on disk, as `state` does, each under its own name in that state."""

    def load(left: Json) -> None:
        for key, store in kept.items():
            store.update(left.get(key, {}))

    state(name, save=lambda: kept, load=load)


def answer(response: Json) -> Response:
    """A response of AWS's JSON protocol."""
    return 200, {"Content-Type": "application/x-amz-json-1.1"}, _dump(response)


def refusal(error: AwsError) -> Response:
    """An error response of AWS's JSON protocol."""
    headers = {"Content-Type": "application/x-amz-json-1.1", "x-amzn-errortype": error.code}
    body = {"__type": error.code, "message": str(error), "Message": str(error)}
    return error.status, headers, _dump(body)


def account() -> str:
    """AWS account id of the current request."""
    return str(get_account_id())


def region() -> str:
    """AWS region of the current request."""
    return str(get_region())


def client(service: str) -> Any:
    """A boto3 client of this very server, under the current request's account and region."""
    return _client(service, account(), region())


def start() -> None:
    """Watch every service for changes and start saving them; called once, after all plug-ins are registered."""
    for service, handler in ministack.SERVICE_HANDLERS.items():
        ministack.SERVICE_HANDLERS[service] = _watched(service, handler)
    checkpoint.start()


def inherited_environment() -> dict[str, str]:
    """The environment that the server was started with, without what makes it this server."""
    return {name: value for name, value in os.environ.items() if name not in _SERVER_ONLY}


def aws_environment() -> dict[str, str]:
    """The variables that point a child process at this server, under the current request's account and region."""
    return endpoint_environment(endpoint=endpoint, account=account(), region=region())


def before_stop(action: Callable[[], None]) -> None:
    """Run an action when the server is told to stop, while it still answers: to end what asks this very server."""
    _before_stop.append(action)


def on_stop(action: Callable[[], None]) -> None:
    """Run an action when the server has stopped in good order."""
    _stops.append(action)


def prepare_stop() -> None:
    """Run what `before_stop` registered, the last first."""
    for action in reversed(_before_stop):
        action()


def stop() -> None:
    """Run what `on_stop` registered, the last first."""
    for action in reversed(_stops):
        action()
    checkpoint.close()


@lru_cache(maxsize=64)
def _client(service: str, account_id: str, region_name: str) -> Any:
    with _session_lock:
        return _session.client(
            service,
            endpoint_url=endpoint,
            region_name=region_name,
            aws_access_key_id=account_id,
            aws_secret_access_key="local",  # noqa: S106 - the emulator checks no signature
            config=Config(retries={"max_attempts": 1}, inject_host_prefix=False, max_pool_connections=32, proxies={}),
        )


_session: Any = boto3.session.Session()
_session_lock = threading.Lock()


def _watched(service: str, handler: Any) -> Any:
    names = checkpoint.state_names(service)

    async def handle(
        method: str, path: str, headers: dict[str, str], body: bytes | str, query: dict[str, list[str]]
    ) -> Response:
        if isinstance(body, str):  # ministack's services call one another with text
            body = body.encode()
        response: Response = await handler(method, path, headers, body, query)
        if _changes(service, method=method, path=path, target=headers.get("x-amz-target", ""), body=body):
            checkpoint.mark(*names)
        return response

    return handle


_READS = re.compile(r"(^|\.)(Action=)?(Get|List|Describe|Head|BatchGet|Search|Query|Filter|Lookup)")


def _changes(service: str, *, method: str, path: str, target: str, body: bytes) -> bool:
    """Whether a request may have changed the service's state; S3 writes its objects through, so only buckets count."""
    if method in ("GET", "HEAD", "OPTIONS"):
        return False
    if service == "s3":
        return path.strip("/").count("/") == 0
    action = next((part for part in body[:4096].decode("latin-1").split("&") if "Action=" in part), "")
    operation = target or action or path.strip("/")
    return not _READS.search(operation)


def _handler(service: str, *, otherwise: Any) -> Any:
    async def handle(
        method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, list[str]]
    ) -> Response:
        # A REST service without resources in its paths (Lake Formation) has an operation's name there.
        name = headers.get("x-amz-target", "").rpartition(".")[2] or path.strip("/")
        operation = _operations[service].get(name)
        if operation is not None:
            return await asyncio.to_thread(_answer, operation, body)
        if otherwise is not None:
            response: Response = await otherwise(method, path, headers, body, query)
            return response
        return refusal(AwsError("UnknownOperationException", f"the embedded AWS has no {service}:{name}"))

    return handle


def _answer(operation: Operation, body: bytes) -> Response:
    try:
        return answer(operation(json.loads(body or b"{}")))
    except AwsError as error:
        return refusal(error)


def _dump(response: Json) -> bytes:
    return json.dumps(response, default=_timestamp).encode()


def _timestamp(value: object) -> float:
    if isinstance(value, datetime):
        return value.timestamp()
    raise TypeError(f"{type(value).__name__} has no JSON form in an AWS response: {value!r}")
