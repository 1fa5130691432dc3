"""Changes of permissions at the same time: Lake Formation applies one and refuses the others.

Source: Lake Formation API reference, "GrantPermissions" and "AddLFTagsToResource", section "Errors".
"""

import functools
import threading
import time

from emulator.runtime import plugin
from emulator.runtime.plugin import AwsError, Json, Operation

CHANGES = frozenset(
    {
        "grant_permissions",
        "revoke_permissions",
        "batch_grant_permissions",
        "batch_revoke_permissions",
        "add_lf_tags_to_resource",
        "remove_lf_tags_from_resource",
        "create_data_cells_filter",
        "update_data_cells_filter",
        "delete_data_cells_filter",
    }
)
CHANGE_SECONDS = 0.01
"""How long a change takes at least. In AWS it is some tenths of a second, in which another change is refused."""

_changing: dict[tuple[str, str], threading.Lock] = {}


def one_at_a_time(operation: Operation) -> Operation:
    """Return an operation that refuses to run while another change of the same account and region is applied."""
    if operation.__name__ not in CHANGES:
        return operation

    @functools.wraps(operation)
    def alone(request: Json) -> Json:
        lock = _changing.setdefault((plugin.account(), plugin.region()), threading.Lock())
        if not lock.acquire(blocking=False):
            raise AwsError(
                "ConcurrentModificationException",
                "Another change of Lake Formation's permissions is in progress. Try again when it is done.",
            )
        try:
            time.sleep(CHANGE_SECONDS)
            return operation(request)
        finally:
            lock.release()

    return alone
