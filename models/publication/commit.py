"""Make the rows of a candidate the rows of its table, by one commit of Iceberg that copies no file."""

from pyiceberg.exceptions import ValidationError
from pyiceberg.table import Table

from .catalog import Catalog
from .comparison import data_files
from .evolution import EvolutionError, evolve, ids, partitioning
from .results import Model
from .statements import quoted, rows

BUILD = "lakehouse.build"
"""Property of a snapshot: dbt's invocation that built it."""

REWRITTEN = "_r"


def replace_rows(catalog: Catalog, table: Table, candidate: Table, *, model: Model, invocation: str) -> Table | None:
    """Commit the files of a candidate to its table in place of the table's own, which stay in earlier snapshots.

    Args:
        catalog: the catalog.
        table: the table as it was when the build began.
        candidate: what the build made.
        model: the model.
        invocation: dbt's id of the build.

    Returns:
        the table into which the candidate was written again; None if its own files are the table's now.

    Raises:
        OvertakenError: another writer changed the table.
        EvolutionError: the columns or partitions of the table cannot become those of the candidate.
    """
    _check_partitions(table, candidate)
    copied: Table | None = None
    try:
        preview = table.transaction()  # never committed
        evolve(preview, candidate.schema())
        evolved = preview.table_metadata.schema()
    except (ValidationError, ValueError) as error:
        raise EvolutionError(str(error)) from error
    if ids(evolved) != ids(candidate.schema()):
        # Iceberg finds columns in files by their ids, so the files must have the ids of the table.
        copied = _rewritten(catalog, table, candidate, database=model.database, name=f"{model.candidate}{REWRITTEN}")
        candidate = copied
    with table.transaction() as transaction:
        evolve(transaction, candidate.schema())
        with transaction.update_snapshot({BUILD: invocation}).overwrite() as snapshot:
            for file in data_files(table):
                snapshot.delete_data_file(file)
            for file in data_files(candidate):
                snapshot.append_data_file(file)
    return copied


def _check_partitions(table: Table, candidate: Table) -> None:
    now = partitioning(table.schema(), table.spec())
    wanted = partitioning(candidate.schema(), candidate.spec())
    if now != wanted:
        raise EvolutionError(
            f"its partitions changed from {_text(now)} to {_text(wanted)}; a table keeps its partitions: undo the "
            "change of partitioned_by, or give the model another name"
        )


def _text(partitions: list[tuple[str | None, str]]) -> str:
    return ", ".join(f"{transform}({column})" for column, transform in partitions) or "none"


def _rewritten(catalog: Catalog, table: Table, candidate: Table, *, database: str, name: str) -> Table:
    """Write the rows of a candidate again, into an empty copy of the table with the candidate's columns."""
    copy = catalog.register_table((database, name), table.metadata_location)
    with copy.transaction() as transaction:
        evolve(transaction, candidate.schema())
        with transaction.update_snapshot().overwrite() as snapshot:
            for file in data_files(copy):
                snapshot.delete_data_file(file)
    columns = ", ".join(quoted(field.name) for field in candidate.schema().fields)
    source = quoted(database, candidate.name()[-1])
    rows(
        f"INSERT INTO {quoted(database, name)} ({columns}) SELECT {columns} FROM {source}",  # noqa: S608 - quoted names
        database=database,
    )
    return catalog.load_table((database, name))
