"""DMS: endpoints, certificates, subnet groups and instances are recorded; replications and tasks really run.

Source: AWS DMS API reference.
"""

from emulator.runtime import plugin
from emulator.services.dms import (
    certificates,
    configs,
    endpoints,
    permissions,
    replications,
    runs,
    subnet_groups,
    tags,
    tasks,
)
from emulator.services.dms.store import STORE

OPERATIONS = plugin.marked_operations(certificates, configs, endpoints, replications, subnet_groups, tags, tasks)


def register() -> None:
    """Answer the operations, keep their state, and resume the replications that ran when the server ended."""
    plugin.operations("dms", OPERATIONS)
    plugin.resources("dms", permissions.resources)
    STORE.register()
    runs.register()
