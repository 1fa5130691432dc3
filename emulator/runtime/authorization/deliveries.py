"""What a service delivers to a queue, a topic, a function or a state machine, which needs a permission as in AWS.

Source: Amazon EventBridge user guide, "Using resource-based policies"; SQS developer guide and SNS developer guide,
"Key management": the service also uses the key of an encrypted queue or topic. EventBridge supports no condition in the
policy of a topic ("Troubleshooting Amazon EventBridge"), and tells KMS neither its account nor the rule (SNS developer
guide, "Managing Amazon SNS encryption keys and costs"). In the policy of a queue it supports conditions.
"""

from collections.abc import Mapping
from typing import Any

from ministack.services import kms, sns, sqs  # type: ignore[import-untyped]

from emulator.runtime.authorization.step import permitted
from emulator.runtime.principals import Principal

ACTIONS = {
    "lambda": "lambda:InvokeFunction",
    "sqs": "sqs:SendMessage",
    "sns": "sns:Publish",
    "states": "states:StartExecution",
}


def may_deliver(principal: Principal, target: str, *, source: str, account: str) -> bool:
    """Return whether a service may call a target.

    Args:
        principal: the service, or a session of the role with which it calls the target.
        target: ARN of the target.
        source: ARN of the rule, schedule or alarm.
        account: its account.
    """
    service = target.split(":")[2]
    action = ACTIONS.get(service)
    if action is None:
        return True
    own = {"aws:sourcearn": source, "aws:sourceaccount": account}
    of_events = principal.arn == "events.amazonaws.com"
    allowed = permitted(principal, action, target, {} if of_events and service == "sns" else own)
    key = _key(service, target)
    actions = ("kms:GenerateDataKey", "kms:Decrypt") if key else ()
    return allowed and all(permitted(principal, action, str(key), {} if of_events else own) for action in actions)


def _key(service: str, target: str) -> str | None:
    """Return the ARN of the customer's key of a queue or topic."""
    found: Mapping[str, Any] | None = None
    if service == "sqs":
        found = sqs._queue_by_arn(target)
    elif service == "sns":
        found = sns._topic_by_arn_any_scope(target)
    key = (found or {}).get("attributes", {}).get("KmsMasterKeyId")
    record = kms._resolve_key(key) if key and "alias/aws/" not in key else None
    return str(record["Arn"]) if record else None
