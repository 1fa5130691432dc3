"""CloudFormation: the resource types of `local.resources`; a type that nobody knows fails the stack by its name."""

from local import plugin


def register() -> None:
    """Add the types before the first request: ministack's CloudFormation imports every service that it has."""
    plugin.before_first_request("cloudformation", _install)


def _install() -> None:
    from local.resources.installation import install

    install()
