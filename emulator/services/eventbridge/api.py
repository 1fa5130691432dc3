"""EventBridge rules and schedules: a target is called in a session of its role, or by the service itself.

Source: Amazon EventBridge user guide, "Using identity-based policies": targets in Step Functions and Kinesis need a
role, targets in Lambda, SQS and SNS a resource-based policy that names `events.amazonaws.com`.
"""

from typing import Any

from ministack.services import eventbridge  # type: ignore[import-untyped]

from emulator.runtime import context, plugin, principals
from emulator.runtime.authorization.deliveries import may_deliver
from emulator.runtime.plugin import AwsError


def register() -> None:
    """Wrap the calls of targets."""
    invoke = eventbridge._invoke_target

    def invoked(target: dict[str, Any], event: Any, rule: Any, view: Any = None) -> None:
        try:
            caller = _caller(target, event)
        except AwsError:  # it is logged; nothing is delivered, as in AWS
            return
        arn, source = target.get("Arn", ""), str((rule or {}).get("Arn", ""))
        with context.acting_as(caller):
            if may_deliver(caller, arn, source=source, account=plugin.account()):
                invoke(target, event, rule, view)

    eventbridge._invoke_target = invoked


def _caller(target: dict[str, Any], event: dict[str, Any]) -> principals.Principal:
    name = "scheduler" if event.get("Source") == "aws.scheduler" else "events"
    service = f"{name}.amazonaws.com"
    role = target.get("RoleArn")
    if not role:
        return principals.service(service, plugin.account())
    plugin.check_trust(role, service)
    return plugin.role_session(role, "AWSEvents")
