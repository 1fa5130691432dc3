"""Lake Formation's API: the definitions of access; `guard` and `engine` decide by them."""

from emulator.runtime import plugin
from emulator.services.lakeformation import conflicts, filters, locations, permissions, tags, vending
from emulator.services.lakeformation.store import STORE

OPERATIONS = plugin.marked_operations(locations, tags, permissions, filters)


def register() -> None:
    """Answer the operations and keep their state."""
    plugin.operations("lakeformation", map(conflicts.one_at_a_time, OPERATIONS))
    STORE.register()
    plugin.resources("lakeformation", lambda _: ["*"])
    plugin.vend(vending.vended)
