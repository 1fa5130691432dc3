"""Responses and errors of AWS's JSON protocols."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

Json = dict[str, Any]
Operation = Callable[[Json], Json]
"""An AWS operation: a function of the request's members that returns the members of the response."""

Response = tuple[int, dict[str, str], bytes]
"""Status, headers and body."""


class AwsError(Exception):
    """An error that the API answers with."""

    def __init__(self, code: str, message: str, *, status: int = 400) -> None:
        """Create an error.

        Args:
            code: AWS error code, such as `EntityNotFoundException`.
            message: what is wrong and what to do.
            status: HTTP status.
        """
        super().__init__(message)
        self.code = code
        self.status = status


def answer(response: Json) -> Response:
    """Return a successful response."""
    return 200, {"Content-Type": "application/x-amz-json-1.1"}, _dump(response)


def refusal(error: AwsError) -> Response:
    """Return an error response."""
    headers = {"Content-Type": "application/x-amz-json-1.1", "x-amzn-errortype": error.code}
    body = {"__type": error.code, "message": str(error), "Message": str(error)}
    return error.status, headers, _dump(body)


def answer_or_refuse(operation: Operation, request: Json) -> Response:
    """Return the response of an operation, or the response of the `AwsError` that it raises."""
    try:
        return answer(operation(request))
    except AwsError as error:
        return refusal(error)


def _dump(response: Json) -> bytes:
    return json.dumps(response, default=_timestamp).encode()


def _timestamp(value: object) -> float:
    if isinstance(value, datetime):
        return value.timestamp()
    raise TypeError(f"{type(value).__name__} has no JSON form in an AWS response: {value!r}")
