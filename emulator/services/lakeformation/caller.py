"""Whom Lake Formation decides about: the role or user that calls, unless the decision is switched off."""

import logging
import os

from emulator.runtime import plugin
from emulator.runtime.plugin import AwsError

log = logging.getLogger(__name__)

AUTHORIZATION = "LAKEHOUSE_LOCAL_AUTHORIZATION"
"""Variable of the server: `on` refuses, `record` logs what would be refused, `off` decides nothing."""


def caller_arn() -> str | None:
    """Return the ARN of the role or user that calls; None for root, for services, and if nothing is decided.

    The root user is not among the principals to which Lake Formation grants. It stays unrestricted here.
    """
    if os.environ.get(AUTHORIZATION) == "off":
        return None
    principal = plugin.principal()
    if principal.kind == "role":
        return principal.role
    return principal.arn if principal.kind == "user" else None


def is_enforced() -> bool:
    """Return whether refusals are raised and metadata is filtered."""
    return os.environ.get(AUTHORIZATION) != "record"


def refuse(error: AwsError) -> None:
    """Raise a refusal; with `record`, log it instead.

    Raises:
        AwsError: the refusal.
    """
    if is_enforced():
        raise error
    log.warning("Lake Formation would refuse %s: %s", caller_arn(), error)
