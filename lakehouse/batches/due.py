"""The batches of a dataset that are due, from its manifests and the attempts on its batches."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from lakehouse.batches import manifests
from lakehouse.batches.attempts import Attempt, first_to_load, pending
from lakehouse.names import Move, Names

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def due_batches(
    s3: "S3Client", dataset: str, attempts: Iterable[Attempt], *, names: Names, last: int | None = None
) -> dict[Move, list[str]]:
    """Return the ids of a dataset's batches that are due, by move, oldest first.

    Args:
        s3: S3 client.
        dataset: the dataset.
        attempts: attempts on its batches, oldest first.
        names: names of the deployment.
        last: number of its last batch, if that is known: if all batches are loaded, no manifest is listed.
    """
    attempts = list(attempts)
    first = first_to_load(attempts, dataset=dataset)
    is_loaded = last is not None and first > last
    planned = [] if is_loaded else manifests.batch_ids(s3, names=names, dataset=dataset, first=first)
    return pending(planned, attempts)
