"""Database engines that DMS can replicate from here."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from lakehouse.contracts.model import Contract

SslMode = Literal["require", "verify-ca", "verify-full"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """A source database's engine, as DMS has it.

    Args:
        name: DMS's name of it.
        port: its usual port.
        settings_property: the endpoint property of its own settings.
        settings: these settings.
        ssl_modes: the ways of TLS that DMS knows for it, the least strict first.

    Source: AWS DMS user guide, "Using SSL with AWS Database Migration Service".
    """

    name: str
    port: int
    settings_property: str
    ssl_modes: tuple[SslMode, ...]
    settings: dict[str, object] = field(default_factory=dict)

    def ssl_mode(self, asked: SslMode) -> SslMode:
        """The way of TLS that was asked for, or the next stricter one that there is for this engine."""
        strict: list[SslMode] = ["require", "verify-ca", "verify-full"]
        return next(mode for mode in strict[strict.index(asked) :] if mode in self.ssl_modes)


ENGINES = {
    "postgresql": Engine(
        name="postgres",
        port=5432,
        settings_property="PostgreSqlSettings",
        ssl_modes=("require", "verify-ca", "verify-full"),
        settings={
            # The contract says what the columns are: DMS need not put triggers into the source to follow its DDL.
            "CaptureDdls": False,
            "MapBooleanAsBoolean": True,
            # Better no row than half a value.
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
    """The engine of a source, and the database in it that its contracts name.

    Raises:
        ValueError: its engine is not in ENGINES, or its contracts disagree on engine or database.
    """
    found = {(contract.source.type, contract.source.database) for contract in contracts}
    paths = ", ".join(contract.path for contract in contracts)
    if len(found) > 1:
        raise ValueError(f"{paths}: source {source} must be one database, but is {sorted(map(str, found))}")
    ((engine, database),) = found
    if engine not in ENGINES or database is None:
        raise ValueError(
            f"{paths}: source {source} is {engine} {database}: expected a database of {', '.join(ENGINES)}"
        )
    return ENGINES[engine], database
