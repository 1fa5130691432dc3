"""CloudFormation: the resource types of all services; an unknown type fails the stack by its name."""

from emulator.runtime import plugin


def register() -> None:
    """Add the types before the first request: ministack's CloudFormation imports every service that it has."""
    plugin.before_first_request("cloudformation", _install)


def _install() -> None:
    from emulator.services.cloudformation.installation import install

    install()
