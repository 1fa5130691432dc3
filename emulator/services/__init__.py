"""The AWS services that the emulator adds to ministack or corrects, one folder for each.

A service has some of these modules, which the server imports by name:

- `api.py` with `register() -> None`, which the server calls once, before it serves. It registers the operations of the
  service and keeps its state, with the functions of `emulator.runtime.plugin`:

      @operation
      def create_certificate(request: Json) -> Json: ...

      def register() -> None:
          plugin.operations("dms", plugin.marked_operations(certificates, endpoints))
          plugin.state("dms", save=..., load=...)
          plugin.on_stop(...)

- `resources.py` with `TYPES: dict[str, ResourceType]`, the CloudFormation resource types of the service. A type calls
  the API of the service through `plugin.client`, so that the API shows the resources of a stack.
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
