"""The AWS services that this package adds to ministack or corrects: one folder a service, named after it.

A service's folder has some of these modules; the server imports them by name:

- `api.py` with `register() -> None`, which the server calls once, before it serves. There the service says what it
  answers, with the functions of `emulator.runtime.plugin`:

      def register() -> None:
          plugin.operations("dms", {"CreateEndpoint": create_endpoint, ...})
          plugin.state("dms", save=..., load=...)
          plugin.on_stop(...)

- `resources.py` with `TYPES: dict[str, ResourceType]`, the CloudFormation resource types of the service. A type makes
  its API calls through `plugin.client`, so that a stack's resources are what the service's own API shows.
"""

import importlib
import importlib.util
import pkgutil
from collections.abc import Iterator
from types import ModuleType


def modules(name: str) -> Iterator[ModuleType]:
    """Import and yield the module of this name of every service that has one, in alphabetical order."""
    for service in pkgutil.iter_modules(__path__, prefix=f"{__name__}."):
        if importlib.util.find_spec(f"{service.name}.{name}"):
            yield importlib.import_module(f"{service.name}.{name}")


def register_all() -> None:
    """Register the API of every service."""
    for api in modules("api"):
        api.register()
