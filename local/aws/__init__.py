"""The AWS services that this project adds to ministack or corrects: one module a service, named after it.

A module of this package that has a function `register() -> None` is a plug-in. The server imports every module of the
package in alphabetical order and calls `register()` once, before it serves. There a plug-in says what it answers, with
the functions of `local.plugin`:

    def register() -> None:
        plugin.operations("dms", {"CreateEndpoint": create_endpoint, ...})
        plugin.state("dms", save=..., load=...)
        plugin.on_stop(...)

Its own logic may stand in a package beside this one (`local/athena/`, `local/dms/`); the module here is the entry.
"""

import importlib
import pkgutil


def register_all() -> None:
    """Import every module of this package and register those that are plug-ins."""
    for module in pkgutil.iter_modules(__path__, prefix=f"{__name__}."):
        register = getattr(importlib.import_module(module.name), "register", None)
        if register is not None:
            register()
