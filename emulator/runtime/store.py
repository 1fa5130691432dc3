"""Resources of a service that the emulator records, on disk before a change is answered."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ministack.core.responses import AccountRegionScopedDict  # type: ignore[import-untyped]

from emulator.runtime import checkpoint, plugin
from emulator.runtime.responses import AwsError, Json


def find(collection: Any, key: str, *, kind: str, code: str, status: int = 400) -> Json:
    """Return an entry of a collection.

    Args:
        collection: a mapping.
        key: name of the entry.
        kind: what the entry is, for the message.
        code: error code of the service for an entry that does not exist.
        status: HTTP status of that error.

    Raises:
        AwsError: the entry does not exist.
    """
    entry: Json | None = collection.get(key)
    if entry is None:
        raise AwsError(code, f"{kind} {key} not found.", status=status)
    return entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """The recorded resources of one service, in collections. Each account and region sees its own entries only.

    Attributes:
        name: name of the state, and of its file.
        not_found: error code of the service for a resource that does not exist.
        status: HTTP status of that error.
        collections: the collections by name.
    """

    name: str
    not_found: str
    status: int = 400
    collections: dict[str, Any] = field(default_factory=dict)

    def collection(self, name: str) -> Any:
        """Add a collection and return it."""
        return self.collections.setdefault(name, AccountRegionScopedDict())

    def register(self) -> None:
        """Keep the collections on disk, and load those that an earlier server wrote."""
        plugin.state(self.name, save=lambda: self.collections, load=self._load)

    def save(self, response: Json) -> Json:
        """Write the collections to disk, then return the response to the change."""
        checkpoint.flush(self.name)
        return response

    def find(self, collection: Any, key: str, *, kind: str) -> Json:
        """Return an entry of a collection.

        Raises:
            AwsError: the entry does not exist; the code is `not_found`.
        """
        return find(collection, key, kind=kind, code=self.not_found, status=self.status)

    def _load(self, saved: Mapping[str, Any]) -> None:
        for name, collection in self.collections.items():
            collection.update(saved.get(name, {}))
