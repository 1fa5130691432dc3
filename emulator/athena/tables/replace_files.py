"""Replacement of data files in one commit, on the state that the new files were computed from."""

from collections.abc import Collection, Mapping

from pyiceberg.expressions import AlwaysTrue
from pyiceberg.manifest import DataFile
from pyiceberg.table import Table


def replace_files(
    table: Table,
    *,
    old: Collection[DataFile],
    new: Collection[DataFile],
    properties: Mapping[str, str] | None = None,
) -> None:
    """Commit a snapshot in which new data files replace old ones.

    This works around two limits of PyIceberg 0.12: it has no rewrite of data files, and it retries a commit on a state
    that the new files were not computed from.

    Args:
        table: the table as it was loaded when the new files were computed.
        old: files of the table; if there are none, the new files are appended.
        new: files that are not in a snapshot yet.
        properties: table properties that the same commit sets.

    Raises:
        CommitFailedException: another commit has changed the table since it was loaded; nothing was changed.
    """
    # Without retries of its own, PyIceberg does not commit on another state.
    once = {**table.metadata.properties, "commit.retry.num-retries": "0"}
    table.metadata = table.metadata.model_copy(update={"properties": once})
    with table.transaction() as transaction:
        update = transaction.update_snapshot()
        with update.overwrite() if old else update.fast_append() as snapshot:
            if old:
                # By default PyIceberg 0.12 reads only manifests that can contain these files. Its threads share a
                # stateful evaluator, and sometimes a manifest is missed. With this predicate it reads all of them.
                snapshot.delete_by_predicate(AlwaysTrue())
            for file in old:
                snapshot.delete_data_file(file)
            for file in new:
                snapshot.append_data_file(file)
        if properties:
            transaction.set_properties(dict(properties))
