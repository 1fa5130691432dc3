"""The answers to requests that are not allowed, in the protocol and with the code of each service.

Source: AWS IAM user guide, "Troubleshoot access denied error messages"; the common errors of each API reference.
"""

import json
import uuid

from ministack import app as ministack  # type: ignore[import-untyped]
from ministack.core import iam_actions  # type: ignore[import-untyped]

from emulator.runtime.authorization.evaluation import Decision
from emulator.runtime.authorization.requests import Request
from emulator.runtime.authorization.resources import Check
from emulator.runtime.principals import Principal
from emulator.runtime.responses import AwsError, Response

_KMS_CODES = {"sqs": "KMS.AccessDeniedException", "sns": "KMSAccessDenied"}
"""Codes of the services that tell a denial by KMS from one of their own."""


def message(principal: Principal, check: Check, decision: Decision) -> str:
    """Return AWS's message for a denial."""
    resource = f'"{check.resource}"' if check.action.startswith("s3:") else check.resource
    on_resource = "" if resource == "*" else f" on resource: {resource}"
    caller = "anonymous" if principal.kind == "anonymous" else principal.arn
    return f"User: {caller} is not authorized to perform: {check.action}{on_resource} {decision.reason}"


def denial(request: Request, principal: Principal, check: Check, decision: Decision) -> Response:
    """Return the response of a request that is denied."""
    if request.service in ("logs", "ssm"):
        body = {"__type": "AccessDeniedException", "Message": message(principal, check, decision)}
        return 400, {"Content-Type": "application/x-amz-json-1.1"}, json.dumps(body).encode()
    code = _KMS_CODES.get(request.service, "") if check.action.startswith("kms:") else ""
    return _response(request, code, message(principal, check, decision))


def failed_authentication(request: Request, problem: AwsError) -> Response:
    """Return the response of a request whose credentials are unknown, wrong or expired."""
    return _response(request, problem.code, str(problem))


def _response(request: Request, code: str, text: str) -> Response:
    status, headers, body = iam_actions.access_denied_response(
        request.service,
        request.action,
        "",
        str(uuid.uuid4()),
        error_code=code,
        message=text,
        headers=dict(request.headers),
    )
    ministack.fix_error_content_type(request.service, status, headers)
    return status, headers, body
