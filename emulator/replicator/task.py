"""What the API asks the replicator to do, in the one JSON document that passes between the two processes."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from emulator.replicator import mappings, settings

FULL_LOAD_ONLY, CHANGES_ONLY, FULL_LOAD_AND_CHANGES = "full-load", "cdc", "full-load-and-cdc"
RESUME, RELOAD, REMOVE = "resume", "reload", "remove"
MIGRATION_TYPES = (FULL_LOAD_ONLY, CHANGES_ONLY, FULL_LOAD_AND_CHANGES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One replication: from where, to where, which tables.

    Args:
        name: identifier of the replication; names its slot.
        migration_type: `full-load`, `cdc` or `full-load-and-cdc`.
        action: `resume` from where it stands, which is the beginning the first time; `reload` to forget what was done
            and begin with a full load; `remove` to leave nothing of it in the source.
    """

    name: str
    migration_type: str
    action: str
    source: settings.Source
    target: settings.Target
    mappings: mappings.Mappings

    @property
    def slot(self) -> str:
        return slot_name(self.name)


def parse(document: Mapping[str, Any]) -> Task:
    """Read and check a task.

    Args:
        document: `Name`, `MigrationType`, `Action`, `SourceEndpoint`, `TargetEndpoint`, `TableMappings`, the last
            three as DMS's API has them.

    Raises:
        SettingsError, MappingError: something in it that DMS would refuse or the stand-in does not know.
    """
    if document["MigrationType"] not in MIGRATION_TYPES:
        raise settings.SettingsError(f"migration type {document['MigrationType']}: expected one of {MIGRATION_TYPES}")
    return Task(
        name=document["Name"],
        migration_type=document["MigrationType"],
        action=document["Action"],
        source=settings.source(document["SourceEndpoint"]),
        target=settings.target(document["TargetEndpoint"]),
        mappings=mappings.parse(document["TableMappings"]),
    )


def slot_name(replication: str) -> str:
    """Name of the PostgreSQL replication slot and publication of a replication (63 of a-z, 0-9 and _)."""
    return re.sub("[^a-z0-9_]", "_", f"dms_{replication.lower()}")[:63]
