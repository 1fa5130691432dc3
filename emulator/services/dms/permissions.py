"""The resources of DMS's requests: the ARNs that they name; most descriptions have none.

Source: Service Authorization Reference, "Actions, resources, and condition keys for AWS Database Migration Service".
"""

from collections.abc import Iterable

from emulator.runtime.plugin import Request


def resources(request: Request) -> Iterable[str]:
    """Return the resources of a request."""
    of_one = request.operation.endswith("TableStatistics")
    if request.operation.startswith(("Describe", "Create", "Import")) and not of_one:
        return ["*"]
    named = [value for name, value in request.json.items() if name.endswith("Arn") and isinstance(value, str)]
    return named or ["*"]
