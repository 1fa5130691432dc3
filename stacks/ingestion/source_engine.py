"""Database engines of sources that DMS replicates."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from lakehouse.contracts.model import Contract

SslMode = Literal["require", "verify-ca", "verify-full"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """The engine of a source database, in the terms of DMS.

    Attributes:
        name: name of the engine in DMS.
        port: default port of the engine.
        settings_property: the endpoint property of the engine's own settings.
        ssl_modes: the TLS modes that DMS offers for the engine, the least strict first.
        settings: the engine's own settings.

    Source: AWS DMS user guide, "Using SSL with AWS Database Migration Service".
    """

    name: str
    port: int
    settings_property: str
    ssl_modes: tuple[SslMode, ...]
    settings: dict[str, object] = field(default_factory=dict)

    def ssl_mode(self, requested: SslMode) -> SslMode:
        """Return the requested TLS mode, or the next stricter one that the engine has."""
        modes: list[SslMode] = ["require", "verify-ca", "verify-full"]
        return next(mode for mode in modes[modes.index(requested) :] if mode in self.ssl_modes)


ENGINES = {
    "postgresql": Engine(
        name="postgres",
        port=5432,
        settings_property="PostgreSqlSettings",
        ssl_modes=("require", "verify-ca", "verify-full"),
        settings={
            # The contract defines the columns, so DMS needs no triggers in the source that report its DDL.
            "CaptureDdls": False,
            "MapBooleanAsBoolean": True,
            # A failed replication is better than a truncated value.
            "FailTasksOnLobTruncation": True,
        },
    ),
    "mysql": Engine(
        name="mysql",
        port=3306,
        settings_property="MySqlSettings",
        ssl_modes=("verify-ca", "verify-full"),
        # Times without a zone are UTC, as contracts read them.
        settings={"ServerTimezone": "UTC"},
    ),
}


def engine_and_database(source: str, contracts: Sequence[Contract]) -> tuple[Engine, str]:
    """Return the engine of a source and the name of its database, as its contracts declare them.

    Raises:
        ValueError: The engine is not in ENGINES, or the contracts name different engines or databases.
    """
    databases = {(contract.source.type, contract.source.database) for contract in contracts}
    paths = ", ".join(contract.path for contract in contracts)
    if len(databases) > 1:
        raise ValueError(f"{paths}: source {source} must be one database, but is {sorted(map(str, databases))}")
    ((engine, database),) = databases
    if engine not in ENGINES or database is None:
        raise ValueError(
            f"{paths}: source {source} is {engine} {database}: expected a database of {', '.join(ENGINES)}"
        )
    return ENGINES[engine], database
