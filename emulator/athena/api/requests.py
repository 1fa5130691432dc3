"""What the operations share: clients for a request's account and region, errors, and pages of a list."""

import base64
import binascii
from typing import Any

from emulator.athena.runtime.cloud import Cloud, connect
from emulator.runtime import plugin
from emulator.runtime.lake_caller import caller_arn
from emulator.runtime.plugin import AwsError, Json

LIST_PAGE = 50


def cloud() -> Cloud:
    """Return clients that act as the caller of the request, in its region."""
    keys = plugin.forwarded_credentials("athena.amazonaws.com")
    return connect(
        endpoint=plugin.endpoint,
        access_key=keys.access_key,
        secret_key=keys.secret_key,
        token=keys.token,
        region=plugin.region(),
        restricted=caller_arn() is not None,
    )


def invalid(message: str) -> AwsError:
    """Return the error of an invalid request."""
    return AwsError("InvalidRequestException", message)


def token(offset: int) -> str:
    """Return the `NextToken` of a page that starts at an offset."""
    return base64.b64encode(str(offset).encode()).decode()


def offset(token: str | None) -> int:
    """Return the offset of a `NextToken`; 0 if there is none.

    Raises:
        AwsError: the token is not one that `token` returned.
    """
    try:
        return int(base64.b64decode(token, validate=True)) if token else 0
    except (binascii.Error, ValueError):
        raise invalid("Invalid NextToken") from None


def page(request: Json, name: str, items: list[Any]) -> Json:
    """Return the page of a list that a request asks for, under a name."""
    start = offset(request.get("NextToken"))
    end = start + int(request.get("MaxResults") or LIST_PAGE)
    more = {"NextToken": token(end)} if end < len(items) else {}
    return {name: items[start:end], **more}
