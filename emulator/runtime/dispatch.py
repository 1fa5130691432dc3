"""The way of a request to the function that answers it: a plug-in's operation, or else ministack."""

import asyncio
import json
import re
from collections.abc import Callable, Iterable
from types import ModuleType
from typing import Any

from botocore import xform_name
from ministack import app as ministack  # type: ignore[import-untyped]
from ministack.core import router  # type: ignore[import-untyped]

from emulator.runtime import authentication, checkpoint
from emulator.runtime.authorization import step
from emulator.runtime.responses import AwsError, Json, Operation, Response, answer, answer_or_refuse, refusal

application = authentication.identified(ministack.app)
# Trust the service that a request is signed for. ministack would first read every service model of botocore, which
# takes 15 seconds.
router._is_aws_service_name = bool

_READS = re.compile(r"(^|\.)(Action=)?(Get|List|Describe|Head|BatchGet|Search|Query|Filter|Lookup)")

_marked: set[Operation] = set()
_operations: dict[str, dict[str, Operation]] = {}


def operation(function: Operation) -> Operation:
    """Mark a function as the AWS operation of its name: `create_table` answers CreateTable."""
    _marked.add(function)
    return function


def marked_operations(*modules: ModuleType) -> list[Operation]:
    """Return the functions that modules define and mark with `operation`."""
    return [
        member
        for module in modules
        for member in vars(module).values()
        if callable(member) and member in _marked and member.__module__ == module.__name__
    ]


def operations(service: str, functions: Iterable[Operation]) -> None:
    """Answer operations of a service that speaks AWS's JSON protocol; ministack answers all others.

    An operation runs in a thread, under the account and region of the request, and raises `AwsError`. If ministack
    does not have the service, every operation that is not registered is refused by name.

    Args:
        service: the name that requests are signed for (`glue`, `dms` ...).
        functions: one for each operation, with the operation's name in snake case, as boto3 spells it.
    """
    _operations[service] = {function.__name__: function for function in functions}
    ministack.SERVICE_HANDLERS[service] = _handler(service, otherwise=ministack.SERVICE_HANDLERS.get(service))


def paths(service: str, route: Callable[[str, str, Json], Json | None]) -> None:
    """Answer operations of a service that speaks AWS's REST protocol with JSON; ministack answers all others.

    Args:
        service: the name that requests are signed for (`kafka` ...).
        route: a function of the method, the path and the members of query and body; it returns the members of the
            response, or None for a request that it does not answer. It runs in a thread and raises `AwsError`.
    """
    otherwise = ministack.SERVICE_HANDLERS.get(service)

    def answered(method: str, path: str, body: bytes, query: dict[str, list[str]]) -> Response | None:
        try:
            response = route(
                method, path, {name: values[0] for name, values in query.items()} | json.loads(body or b"{}")
            )
        except AwsError as error:
            return refusal(error)
        return None if response is None else answer(response)

    async def handle(
        method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, list[str]]
    ) -> Response:
        response = await asyncio.to_thread(answered, method, path, body, query)
        if response is not None:
            return response
        if otherwise is None:
            return _unknown(service, f"{method} {path}")
        forwarded: Response = await otherwise(method, path, headers, body, query)
        return forwarded

    ministack.SERVICE_HANDLERS[service] = handle


def before_first_request(service: str, install: Callable[[], None]) -> None:
    """Run a function once, before the first request to a service, because its imports are slow and rarely needed."""
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


def watch() -> None:
    """Save the state of a service after each request that may change it; called after all plug-ins are registered."""
    for service, handler in ministack.SERVICE_HANDLERS.items():
        ministack.SERVICE_HANDLERS[service] = _watched(service, handler)


def _handler(service: str, *, otherwise: Any) -> Any:
    async def handle(
        method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, list[str]]
    ) -> Response:
        # A REST service without resources in its paths (Lake Formation) has the operation's name as the path.
        name = headers.get("x-amz-target", "").rpartition(".")[2] or path.strip("/")
        function = _operations[service].get(xform_name(name))
        if function is not None:
            return await asyncio.to_thread(_run, function, body)
        if otherwise is None:
            return _unknown(service, name)
        response: Response = await otherwise(method, path, headers, body, query)
        return response

    return handle


def _run(function: Operation, body: bytes) -> Response:
    return answer_or_refuse(function, json.loads(body or b"{}"))


def _unknown(service: str, name: str) -> Response:
    return refusal(AwsError("UnknownOperationException", f"the emulator has no {service}:{name}"))


def _watched(service: str, handler: Any) -> Any:
    names = checkpoint.state_names(service)

    async def handle(
        method: str, path: str, headers: dict[str, str], body: bytes | str, query: dict[str, list[str]]
    ) -> Response:
        if isinstance(body, str):  # ministack's services call one another with text
            body = body.encode()
        if "x-amz-date" not in headers and "date" not in headers and not query:  # SDKs always sign a date
            headers = authentication.within_server(headers, service)
        refused = step.authorize(service, method, path, headers, body, query)
        if refused is not None:
            return refused
        response: Response = await handler(method, path, headers, body, query)
        if _changes(service, method=method, path=path, target=headers.get("x-amz-target", ""), body=body):
            checkpoint.mark(*names)
        return response

    return handle


def _changes(service: str, *, method: str, path: str, target: str, body: bytes) -> bool:
    """Return whether a request may have changed the service's state; S3 objects are on disk, so only buckets count."""
    if method in ("GET", "HEAD", "OPTIONS"):
        return False
    if service == "s3":
        return path.strip("/").count("/") == 0
    action = next((part for part in body[:4096].decode("latin-1").split("&") if "Action=" in part), "")
    return not _READS.search(target or action or path.strip("/"))
