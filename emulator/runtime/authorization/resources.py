"""The resources of a request, and the actions that it needs on them.

A service registers a function for its requests; ministack finds the resource of the others.

Source: Service Authorization Reference, "Actions, resources, and condition keys for AWS services".
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from ministack.core import iam_actions  # type: ignore[import-untyped]

from emulator.runtime.authorization.requests import Request


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One action on one resource, which must be allowed.

    Attributes:
        action: such as `s3:GetObject`.
        resource: ARN, or `*` for an action without a resource.
        keys: condition keys of this check alone, with names in lower case.
    """

    action: str
    resource: str
    keys: dict[str, Any] = field(default_factory=dict)


Finder = Callable[[Request], Iterable[str | Check]]
"""Returns ARNs on which a request needs its own action, and checks of further actions."""

_finders: dict[str, Finder] = {}


def register(service: str, finder: Finder) -> None:
    """Find the resources of a service's requests with a function."""
    _finders[service] = finder


def checks(request: Request) -> list[Check]:
    """Return all checks of a request, without those that other services make for it."""
    finder = _finders.get(request.service, of_ministack)
    found = [
        entry if isinstance(entry, Check) else Check(action=request.action, resource=entry) for entry in finder(request)
    ]
    return found or [Check(action=request.action, resource="*")]


def of_ministack(request: Request) -> list[str]:
    """Return the resource of a request as ministack finds it."""
    resource: str = iam_actions.extract_resource_arn(
        request.service,
        request.method,
        request.path,
        dict(request.headers),
        request.body,
        {name: [value] for name, value in request.form.items()},
        request.region,
        request.account,
    )
    return [resource]


def _s3(request: Request) -> Iterable[str | Check]:
    bucket, _, key = request.path.lstrip("/").partition("/")
    if not bucket:
        return ["*"]
    if request.method == "POST" and "delete" in request.query and not key:
        targets = iam_actions._s3_batch_delete_targets(bucket, request.body)
        return [
            Check(action="s3:DeleteObjectVersion" if version else "s3:DeleteObject", resource=arn)
            for arn, version in targets
        ]
    target = f"arn:aws:s3:::{bucket}/{key}" if key else f"arn:aws:s3:::{bucket}"
    found: list[str | Check] = [target]
    more = iam_actions.s3_additional_checks(request.method, request.path, request.headers, request.body, request.query)
    found += [Check(action=action, resource=arn) for action, arn in more]
    if key and request.action == "s3:PutObject" and "uploadId" not in request.query:
        headers = {"x-amz-tagging": "PutObjectTagging", "x-amz-object-lock-mode": "PutObjectRetention"}
        found += [
            Check(action=f"s3:{action}", resource=target) for name, action in headers.items() if name in request.headers
        ]
    return found


def _kms(request: Request) -> Iterable[str | Check]:
    from emulator.runtime.authorization.keys import encryption_context, key_arn

    if request.operation in ("CreateKey", "ListKeys", "ListAliases", "GenerateRandom"):
        return ["*"]
    named = request.json.get("KeyId") or iam_actions._kms_key_id_from_ciphertext(request.json.get("CiphertextBlob", ""))
    arn = key_arn(named or request.json.get("TargetKeyId", ""), request)
    keys = encryption_context(request.json.get("EncryptionContext") or {})
    return [Check(action=request.action, resource=arn, keys=keys)]


def _states(request: Request) -> Iterable[str]:
    named = request.parameter("stateMachineArn", "executionArn", "activityArn", "mapRunArn", "resourceArn")
    if named or request.operation not in ("CreateStateMachine",):
        return [named or "*"]
    return [request.arn(f"stateMachine:{request.parameter('name')}")]


def _logs(request: Request) -> Iterable[str]:
    group = request.parameter("logGroupName", "logGroupIdentifier")
    stream = request.parameter("logStreamName")
    if not group:
        named = request.json.get("logGroupNames") or request.json.get("logGroupIdentifiers") or []
        return [_group(request, name) for name in named] or [request.parameter("resourceArn") or "*"]
    of_streams = ("PutLogEvents", "GetLogEvents", "DeleteLogStream", "CreateLogStream")
    if request.operation in of_streams:
        return [_group(request, group).removesuffix(":*") + f":log-stream:{stream}"]
    return [_group(request, group)]


def _group(request: Request, name: str) -> str:
    return f"{name.removesuffix(':*')}:*" if name.startswith("arn:") else request.arn(f"log-group:{name}:*")


def _sns(request: Request) -> Iterable[str]:
    named = request.parameter("TopicArn", "TargetArn", "ResourceArn")
    name = request.parameter("Name")
    subscription = request.parameter("SubscriptionArn")
    return [named or (request.arn(name) if name else subscription.rpartition(":")[0] if subscription else "*")]


def _cloudwatch(request: Request) -> Iterable[str]:
    alarms = [request.arn(f"alarm:{name}", service="cloudwatch") for name in _names(request, "AlarmName", "AlarmNames")]
    of_alarms = ("PutMetricAlarm", "DeleteAlarms", "DescribeAlarms", "SetAlarmState", "EnableAlarmActions")
    return alarms if alarms and request.operation in of_alarms else ["*"]


def _names(request: Request, one: str, many: str) -> list[str]:
    members = [value for name, value in request.form.items() if name.startswith(f"{many}.member.")]
    listed = request.json.get(many) if request.body[:1] == b"{" else None
    single = request.parameter(one)
    return [*([single] if single else []), *members, *(listed or [])]


for _service, _finder in {
    "s3": _s3,
    "kms": _kms,
    "states": _states,
    "logs": _logs,
    "sns": _sns,
    "monitoring": _cloudwatch,
}.items():
    register(_service, _finder)
