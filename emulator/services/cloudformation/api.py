"""CloudFormation: the resource types of all services; a stack with another type fails, and the error names the type."""

from emulator.runtime import plugin
from emulator.services.cloudformation import execution_roles


def register() -> None:
    """Add the types before the first request, because ministack's CloudFormation imports all its services."""
    execution_roles.register()
    plugin.before_first_request("cloudformation", _install)


def _install() -> None:
    from emulator.services.cloudformation.installation import install

    install()
