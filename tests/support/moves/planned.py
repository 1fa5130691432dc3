"""Plan what waits for a dataset, for tests in which that is one batch."""

from typing import TYPE_CHECKING

from lakehouse.batches.manifests import Batch
from lakehouse.batches.planning import Arriving, plan_batches
from lakehouse.names import Names

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def plan_batch(s3: "S3Client", *, names: Names, contract: Arriving) -> Batch | None:
    """Return the batch of all objects that wait; None if none waits."""
    batches = plan_batches(s3, names=names, contract=contract).batches
    assert len(batches) <= 1
    return batches[0] if batches else None
