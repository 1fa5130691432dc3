"""Publish one model: let its table have the rows of its candidate, or leave it as it is."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pyiceberg.exceptions import NoSuchIcebergTableError, NoSuchPropertyException, NoSuchTableError
from pyiceberg.table import StaticTable, Table

from .candidates import Used, remove
from .catalog import Catalog, OvertakenError
from .classification import classify
from .commit import replace_rows
from .comparison import same_rows
from .results import Model


class State(StrEnum):
    """What became of a model: readers see the new rows, they see the same rows, or they see the old rows."""

    PUBLISHED = "published"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


class RefusedError(Exception):
    """A candidate must not be published; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Publisher:
    """What a publication works with.

    Attributes:
        catalog: the catalog.
        lake_formation: client of Lake Formation.
        invocation: dbt's id of the build.
        base: location of each table's metadata when the build began, by database and name.
    """

    catalog: Catalog
    lake_formation: Any
    invocation: str
    base: dict[tuple[str, str], str]

    def publish(self, model: Model) -> State:
        """Publish a model whose tests passed.

        Raises:
            RefusedError: the candidate must not be published.
            EvolutionError: the columns or partitions of the table cannot become those of the candidate.
        """
        candidate = self._table(model, model.candidate)
        if candidate is None:
            raise RefusedError(f"its candidate {model.database}.{model.candidate} is gone: build it again")
        documentation = self.catalog.entry(model.database, model.candidate)
        assert documentation is not None  # it was loaded a moment ago
        table = self._table(model, model.name)
        try:
            if table is None:
                self._create(model, documentation)
                state, used = State.PUBLISHED, Used.ALL
            else:
                state, used = self._replace(model, table, candidate, documentation)
        except OvertakenError as error:
            raise self._overtaken(model) from error
        remove(self.catalog, candidate, used=used)
        return state

    def _create(self, model: Model, documentation: dict[str, Any]) -> None:
        """Give a first candidate the name of its model."""
        if (model.database, model.name) in self.base:
            raise RefusedError(f"{model.database}.{model.name} was dropped while it was built: build it again")
        self.catalog.create_entry(documentation, name=model.name)
        self._classify(model)

    def _replace(
        self, model: Model, table: Table, candidate: Table, documentation: dict[str, Any]
    ) -> tuple[State, Used]:
        if same_rows(table, candidate):
            entry = self.catalog.entry(model.database, model.name)
            assert entry is not None
            self.catalog.document(entry, documentation)
            self._classify(model)
            return State.UNCHANGED, Used.NOTHING
        if self._snapshot_at_begin(model, table) != _snapshot(table):
            raise self._overtaken(model)
        self._classify(model, only_stricter=True)
        with self.catalog.documenting(documentation):
            copied = replace_rows(self.catalog, table, candidate, model=model, invocation=self.invocation)
        self._classify(model)
        if copied is None:
            return State.PUBLISHED, Used.DATA
        remove(self.catalog, copied, used=Used.ALL)  # its other files are the table's own
        return State.PUBLISHED, Used.NOTHING

    def _classify(self, model: Model, *, only_stricter: bool = False) -> None:
        entry = self.catalog.entry(model.database, model.name)
        assert entry is not None
        classify(self.lake_formation, model.node, entry=entry, only_stricter=only_stricter)

    def _table(self, model: Model, name: str) -> Table | None:
        try:
            return self.catalog.load_table((model.database, name))
        except NoSuchTableError:
            return None
        except (NoSuchIcebergTableError, NoSuchPropertyException) as error:
            raise RefusedError(
                f"{model.database}.{name} is not an Iceberg table, so it cannot keep its history: drop it, then build "
                "the model again"
            ) from error

    def _snapshot_at_begin(self, model: Model, table: Table) -> int | None:
        """Return the snapshot that was current when the build began; 0 if there was no table or it is lost."""
        at = self.base.get((model.database, model.name))
        if at is None:
            return 0
        if at == table.metadata_location:
            return _snapshot(table)
        try:
            return _snapshot(StaticTable.from_metadata(at, self.catalog.properties))
        except FileNotFoundError:
            return 0

    def _overtaken(self, model: Model) -> RefusedError:
        return RefusedError(
            f"another build changed {model.database}.{model.name} after this one began, so this one may have read "
            "older data: build it again"
        )


def _snapshot(table: Table) -> int | None:
    snapshot = table.current_snapshot()
    return snapshot.snapshot_id if snapshot else None
