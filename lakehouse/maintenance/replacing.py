"""Replace data files by others in one commit, on the state that the new files were computed from."""

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

    Args:
        table: the table in the state from which the new files were computed.
        old: files of the table; if there are none, the new files are appended.
        new: files that no snapshot contains yet.
        properties: table properties that the same commit sets.

    Raises:
        CommitFailedException: the table has changed since it was loaded; nothing was changed.
    """
    # A retry of PyIceberg would commit on a state that the files were not computed from.
    without_retries = {**table.metadata.properties, "commit.retry.num-retries": "0"}
    table.metadata = table.metadata.model_copy(update={"properties": without_retries})
    with table.transaction() as transaction:
        update = transaction.update_snapshot()
        with update.overwrite() if old else update.fast_append() as snapshot:
            if old:
                # By default PyIceberg 0.12 reads only the manifests that may contain these files. Its threads share the
                # state of the evaluator that selects them, so sometimes one is missed. This makes it read all of them.
                snapshot.delete_by_predicate(AlwaysTrue())
            for file in old:
                snapshot.delete_data_file(file)
            for file in new:
                snapshot.append_data_file(file)
        if properties:
            transaction.set_properties(dict(properties))
