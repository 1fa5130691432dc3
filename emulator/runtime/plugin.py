"""The interface of a plug-in: answer AWS operations, keep state, run actions at start and stop.

A plug-in needs this module only: it includes the functions of `context`, `dispatch` and `responses`. Only the server
process may import it, because it imports ministack.
"""

from collections.abc import Callable
from typing import Any

from emulator.runtime import checkpoint, dispatch
from emulator.runtime.authorization.requests import Request
from emulator.runtime.authorization.resources import Check
from emulator.runtime.authorization.resources import register as resources
from emulator.runtime.authorization.step import check_trust, vend
from emulator.runtime.context import (
    account,
    acting_as,
    arn,
    aws_environment,
    child_environment,
    client,
    credentials,
    endpoint,
    forwarded_credentials,
    inherited_environment,
    principal,
    region,
    role_session,
    root,
)
from emulator.runtime.dispatch import application, before_first_request, marked_operations, operation, operations, paths
from emulator.runtime.principals import Principal
from emulator.runtime.responses import AwsError, Json, Operation, Response, answer, answer_or_refuse, refusal

__all__ = [
    "AwsError",
    "Check",
    "Json",
    "Operation",
    "Principal",
    "Request",
    "Response",
    "account",
    "acting_as",
    "answer",
    "answer_or_refuse",
    "application",
    "arn",
    "aws_environment",
    "before_first_request",
    "before_stop",
    "check_trust",
    "child_environment",
    "client",
    "credentials",
    "endpoint",
    "forwarded_credentials",
    "inherited_environment",
    "marked_operations",
    "on_stop",
    "operation",
    "operations",
    "paths",
    "prepare_stop",
    "principal",
    "refusal",
    "region",
    "resources",
    "role_session",
    "root",
    "start",
    "state",
    "stop",
    "vend",
]

_before_stop: list[Callable[[], None]] = []
_stops: list[Callable[[], None]] = []


def state(name: str, *, save: Callable[[], Any], load: Callable[[Any], None]) -> None:
    """Keep a plug-in's state on disk. Call `checkpoint.flush(name)` before an answer that must survive a crash.

    Args:
        name: file name of the state. If it is the name of a service, each request that changes the service saves it.
        save: returns the state as JSON values.
        load: takes the state that an earlier server wrote; not called if there is none.
    """
    saved = checkpoint.add(name, save)
    if saved is not None:
        load(saved)


def start() -> None:
    """Watch every service for changes and start saving them; called once, after all plug-ins are registered."""
    dispatch.watch()
    checkpoint.start()


def before_stop(action: Callable[[], None]) -> None:
    """Run an action when the server begins to stop and still answers requests."""
    _before_stop.append(action)


def on_stop(action: Callable[[], None]) -> None:
    """Run an action when the server has stopped in good order."""
    _stops.append(action)


def prepare_stop() -> None:
    """Run the actions of `before_stop`, the last one first."""
    for action in reversed(_before_stop):
        action()


def stop() -> None:
    """Run the actions of `on_stop`, the last one first, and save all state."""
    for action in reversed(_stops):
        action()
    checkpoint.close()
