"""The task of a replicator, as the JSON document that the API passes to its process."""

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
    """One replication.

    Attributes:
        name: identifier of the replication; determines the name of its slot.
        migration_type: `full-load`, `cdc` or `full-load-and-cdc`.
        action: `resume` at the last position, or at the beginning the first time; `reload` to reset the state and start
            with a full load; `remove` to remove slot and publications from the source.
        source: the source database.
        target: the folder in S3.
        mappings: the rules that select tables.
    """

    name: str
    migration_type: str
    action: str
    source: settings.Source
    target: settings.Target
    mappings: mappings.Mappings

    @property
    def slot(self) -> str:
        """Name of its replication slot."""
        return slot_name(self.name)


def parse(document: Mapping[str, Any]) -> Task:
    """Read and check a task.

    Args:
        document: `Name`, `MigrationType`, `Action`, and `SourceEndpoint`, `TargetEndpoint`, `TableMappings` in the form
            of the API of DMS.

    Raises:
        SettingsError: DMS would refuse a setting, or the replicator does not support it.
        MappingError: the same for a rule of the table mappings.
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
    """Return the name of a replication's slot and publication: at most 63 characters of a-z, 0-9 and _."""
    return re.sub("[^a-z0-9_]", "_", f"dms_{replication.lower()}")[:63]
