"""The caller of each HTTP request, from its access key and session token."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import parse_qs, quote

from ministack import app as ministack  # type: ignore[import-untyped]
from ministack.core import iam_evaluator  # type: ignore[import-untyped]
from ministack.core.router import extract_access_key_id  # type: ignore[import-untyped]

from emulator.runtime import administrator, context, principals
from emulator.runtime.credentials import Credentials
from emulator.runtime.responses import AwsError

Application = Callable[[Any, Any, Any], Awaitable[None]]

_set_account = ministack.set_request_account_id
_TOKEN = "x-amz-security-token"  # noqa: S105 - the name of a header


def identified(application: Application) -> Application:
    """Return an application that knows the caller of each request as `context.principal`."""
    # ministack takes every key that is neither an account number nor a session's for its default account.
    ministack.set_request_account_id = lambda key: _set_account(context.principal().account or key)

    async def identify(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            headers = {
                name.decode("latin-1").lower(): value.decode("latin-1")
                for name, value in scope["headers"]
                if name.lower() in (b"authorization", _TOKEN.encode())
            }
            query = parse_qs(scope.get("query_string", b"").decode("utf-8", "replace"), keep_blank_values=True)
            set_caller(headers, query)
            raw_path = scope.get("raw_path") or quote(scope["path"]).encode()
            iam_evaluator.pin_signed_request(scope["method"], raw_path.decode("latin-1"), query, scope["headers"])
        await application(scope, receive, send)

    return identify


_administrator: list[Credentials] = []


def set_administrator(credentials: Credentials) -> None:
    """Let an access key be that of the account's administrator."""
    _administrator.append(credentials)


def set_caller(headers: Mapping[str, str], query: Mapping[str, list[str]]) -> None:
    """Set the caller of the current request.

    A request whose key is unknown has the root user of the default account as its caller, and the problem with its
    credentials is set, so that the authorization step can refuse the request.

    Args:
        headers: the headers `authorization` and `x-amz-security-token`, if the request has them.
        query: parameters of the query string, which has the credentials of a presigned request.
    """
    token = headers.get(_TOKEN) or next((v[0] for k, v in query.items() if k.lower() == _TOKEN), None)
    default = principals.default_account()
    key = extract_access_key_id(headers, query)
    for credentials in _administrator:
        if key == credentials.access_key:
            administrator.ensure(credentials, default)
    try:
        context.set_principal(principals.of_access_key(key, token=token))
    except AwsError as error:
        context.set_principal(principals.root(default), problem=error)


def problem_with_signature() -> AwsError | None:
    """Return what is wrong with the signature of the current request of a user or session, or None."""
    caller = context.principal()
    if caller.kind not in ("user", "role", "federated"):
        return None
    failure = iam_evaluator.authenticate(caller.access_key, caller.account)
    if not isinstance(failure, iam_evaluator.AuthError):
        return None
    return AwsError(failure.code, failure.message, status=403)


def within_server(headers: Mapping[str, str], service: str) -> dict[str, str]:
    """Return the headers of a call of one service to another in this process, with the access key of its caller."""
    key = context.principal().access_key
    scope = f"Credential={key}/20260101/{context.region()}/{service}/aws4_request"
    return {**headers, "authorization": f"AWS4-HMAC-SHA256 {scope}"} if key else dict(headers)
