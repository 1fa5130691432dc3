"""Lake Formation: all definitions of access are recorded; see the package's docstring."""

from emulator.runtime import plugin
from emulator.services.lakeformation import filters, locations, permissions, tags, vending
from emulator.services.lakeformation.store import STORE

OPERATIONS = plugin.marked_operations(locations, tags, permissions, filters)


def register() -> None:
    """Answer the operations and keep their state."""
    plugin.operations("lakeformation", OPERATIONS)
    STORE.register()
    plugin.resources("lakeformation", lambda _: ["*"])
    plugin.vend(vending.vended)
