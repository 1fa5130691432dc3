"""Database engines that DMS can replicate from here."""

from collections.abc import Sequence
from dataclasses import dataclass

from lakehouse.contract import Contract


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """A source database's engine as DMS names it, its usual port, and the endpoint property of its own settings."""

    name: str
    port: int
    settings_property: str
    settings: dict[str, object]


ENGINES = {
    "postgresql": Engine(
        name="postgres",
        port=5432,
        settings_property="PostgreSqlSettings",
        settings={
            # The contract says what the columns are: DMS need not put triggers into the source to follow its DDL.
            "CaptureDdls": False,
            "MapBooleanAsBoolean": True,
            # Better no row than half a value.
            "FailTasksOnLobTruncation": True,
        },
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
