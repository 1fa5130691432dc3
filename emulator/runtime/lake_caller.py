"""Whom Lake Formation decides about: the role or user that calls, unless the decision is switched off.

`LAKEHOUSE_LOCAL_AUTHORIZATION` decides as for IAM: with `record`, refusals are logged and every request passes.
"""

import logging

from emulator.runtime import plugin
from emulator.runtime.authorization import step
from emulator.runtime.plugin import AwsError

log = logging.getLogger(__name__)


def caller_arn() -> str | None:
    """Return the ARN of the role or user that calls; None for root, for services, and if nothing is decided.

    The root user is not among the principals to which Lake Formation grants. It stays unrestricted here.
    """
    principal = plugin.principal()
    if step.MODE == "off" or principal.kind in ("root", "service"):
        return None
    return principal.role or principal.arn


def is_enforced() -> bool:
    """Return whether refusals are raised and metadata is filtered."""
    return step.MODE == "on"


def refuse(error: AwsError) -> None:
    """Log a refusal, and raise it unless refusals are only recorded.

    Raises:
        AwsError: the refusal.
    """
    log.warning("Lake Formation refuses %s: %s", caller_arn(), error)
    if is_enforced():
        raise error
