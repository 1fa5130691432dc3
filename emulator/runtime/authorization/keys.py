"""Condition keys of a request, of the caller, and of a key's encryption context; names are in lower case.

Source: AWS IAM user guide, "AWS global condition context keys"; Service Authorization Reference for those of services.
The loopback address stands for an encrypted connection: `aws:SecureTransport` is true, and `s3:TlsVersion` is 1.3.
"""

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from ministack.core import iam_actions  # type: ignore[import-untyped]

from emulator.runtime.authorization import collection
from emulator.runtime.authorization.requests import Request
from emulator.runtime.principals import Principal

TIMES = ("aws:currenttime", "aws:epochtime")
"""The keys that change between two requests that are equal otherwise."""

_TYPES = {
    "root": "Account",
    "user": "User",
    "role": "AssumedRole",
    "federated": "FederatedUser",
    "anonymous": "Anonymous",
    "service": "Service",
}


def now() -> dict[str, str]:
    """Return the keys of the current time."""
    moment = time.time()
    return {
        "aws:currenttime": datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "aws:epochtime": str(int(moment)),
    }


def of_caller(principal: Principal) -> dict[str, Any]:
    """Return the keys of a caller."""
    keys: dict[str, Any] = {"aws:principaltype": _TYPES[principal.kind], "aws:viaawsservice": "false"}
    if principal.kind == "service":
        return keys | {"aws:principalisawsservice": "true", "aws:principalservicename": principal.arn}
    keys |= {
        "aws:principalarn": principal.role or principal.arn,
        "aws:principalaccount": principal.account,
        "aws:principalisawsservice": "false",
        "aws:userid": str(principal.session.get("UserId") or principal.account),
    }
    if principal.kind == "user":
        keys["aws:username"] = principal.arn.rpartition("/")[2]
    if principal.session:
        keys["aws:multifactorauthpresent"] = "true" if principal.session.get("MultiFactor") else "false"
        issued = principal.session.get("IssuedAt")
        if issued:
            keys["aws:tokenissuetime"] = datetime.fromtimestamp(issued, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if via := principal.session.get("Via"):
        keys |= {
            "aws:viaawsservice": "true",
            "aws:calledvia": [via],
            "aws:calledviafirst": via,
            "aws:calledvialast": via,
        }
    return keys | {f"aws:principaltag/{key.lower()}": value for key, value in collection.tags_of(principal).items()}


def of_request(request: Request) -> dict[str, Any]:
    """Return the keys of a request that do not depend on its caller."""
    keys: dict[str, Any] = {
        "aws:securetransport": "true",
        "aws:requestedregion": request.region,
        "aws:sourceip": "127.0.0.1",
        "aws:resourceaccount": request.account,
    }
    if request.service == "s3":
        keys |= _of_s3(request)
    elif request.service == "monitoring":
        if namespace := request.parameter("Namespace"):
            keys["cloudwatch:namespace"] = namespace
    elif request.service == "sts":
        if request.parameter("SerialNumber") and request.parameter("TokenCode"):
            keys["aws:multifactorauthpresent"] = "true"  # every code of a device is right here
        for parameter in ("RoleSessionName", "ExternalId"):
            if value := request.parameter(parameter):
                keys[f"sts:{parameter.lower()}"] = value
    if request.service != "s3":
        tags = iam_actions.request_tag_context(request.service, request.action, request.body, request.form)
        keys |= {name.lower(): value for name, value in tags.items()}
    return keys


def _of_s3(request: Request) -> dict[str, Any]:
    keys = {"s3:tlsversion": "1.3", "s3:resourceaccount": request.account, "s3:signatureversion": "AWS4-HMAC-SHA256"}
    for name in ("prefix", "delimiter", "max-keys"):
        if request.action in ("s3:ListBucket", "s3:ListBucketVersions") and name in request.query:
            keys[f"s3:{name}"] = request.query[name][0]
    if "versionId" in request.query:
        keys["s3:versionid"] = request.query["versionId"][0]
    for name, value in request.headers.items():
        if name.startswith(("x-amz-acl", "x-amz-grant-", "x-amz-server-side-encryption", "x-amz-object-lock-")):
            keys[f"s3:{name.removeprefix('x-amz-') if 'object-lock' in name else name}"] = value
    return keys


def encryption_context(context: Mapping[str, str]) -> dict[str, Any]:
    """Return the condition keys of a key's encryption context."""
    keys: dict[str, Any] = {f"kms:encryptioncontext:{name.lower()}": value for name, value in context.items()}
    return keys | ({"kms:encryptioncontextkeys": list(context)} if context else {})


def key_arn(key: str, request: Request) -> str:
    """Return the ARN of a KMS key that is named by its id, its alias or its ARN."""
    from ministack.services import kms  # type: ignore[import-untyped]

    if not key:
        return "*"
    record = kms._resolve_key(key)
    if record:
        return str(record["Arn"])
    return (
        key if key.startswith("arn:") else request.arn(key if key.startswith("alias/") else f"key/{key}", service="kms")
    )
