"""The role with which CloudFormation works on a stack: that of the request, or the one that the stack had before.

Source: AWS CloudFormation API reference, CreateStack, `RoleARN`.
"""

from urllib.parse import parse_qs

from emulator.runtime import checkpoint, plugin
from emulator.runtime.principals import Principal

STATE = "cloudformation_roles"

_roles: dict[str, str] = {}


def register() -> None:
    """Keep the roles of stacks."""
    plugin.state(STATE, save=lambda: _roles, load=_roles.update)


def remember(body: bytes, query: dict[str, list[str]]) -> None:
    """Keep the role that a request names for its stack."""
    if b"RoleARN=" not in body and "RoleARN" not in query:
        return
    parameters = query | parse_qs(body.decode("utf-8", "replace"))
    role, stack = parameters.get("RoleARN"), parameters.get("StackName")
    if role and stack:
        _roles[_key(stack[0])] = role[0]
        checkpoint.mark(STATE)


def caller(stack: str) -> Principal:
    """Return whom CloudFormation acts as when it changes a stack: a session of its role, or the caller."""
    role = _roles.get(_key(stack))
    return plugin.role_session(role, "AWSCloudFormation") if role else plugin.principal()


def _key(stack: str) -> str:
    """Return the key of a stack, which a request names by its name or its ARN."""
    name = stack.split("/")[1] if stack.startswith("arn:") else stack
    return f"{plugin.account()}/{plugin.region()}/{name}"
