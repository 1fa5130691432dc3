"""Data files in the place of others: one commit, on the state that they were computed from."""

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
    """Commit a snapshot with new data files in the place of old ones.

    Args:
        table: as it was loaded when the new files were computed.
        old: files that the table has; if there are none, the new ones are appended.
        new: files that no snapshot has yet.
        properties: table properties that the same commit sets.

    Raises:
        CommitFailedException: the table has changed since it was loaded; nothing was changed.
    """
    # PyIceberg would commit again on top of what it was not computed from.
    once = {**table.metadata.properties, "commit.retry.num-retries": "0"}
    table.metadata = table.metadata.model_copy(update={"properties": once})
    with table.transaction() as transaction:
        update = transaction.update_snapshot()
        with update.overwrite() if old else update.fast_append() as snapshot:
            if old:
                # By default PyIceberg 0.12 looks only into manifests that can have these files, by an evaluator with
                # state that its threads share: now and then it misses one. This has it look into all of them.
                snapshot.delete_by_predicate(AlwaysTrue())
            for file in old:
                snapshot.delete_data_file(file)
            for file in new:
                snapshot.append_data_file(file)
        if properties:
            transaction.set_properties(dict(properties))
