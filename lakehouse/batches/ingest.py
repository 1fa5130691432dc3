"""Upload local files to stage, under the prefix where the dataset's source would put them."""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from lakehouse.batches import index
from lakehouse.contracts.model import Contract
from lakehouse.errors import LakehouseError
from lakehouse.names import Names, Zone

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def upload(
    s3: "S3Client", files: Iterable[Path], *, names: Names, contract: Contract, arrived_at: datetime
) -> list[str]:
    """Upload files as one delivery.

    Args:
        s3: S3 client.
        files: local files; nothing is uploaded unless all of them can be read.
        names: names of the deployment.
        contract: contract of the dataset that they belong to.
        arrived_at: time in the name of the delivery's folder, so that a file that is sent again is another object.

    Returns:
        URI of each object, in the order of the files.

    Raises:
        LakehouseError: a path is not a file, or two files have the same name.
    """
    files = list(files)
    keys: dict[str, Path] = {}
    for file in files:
        if not file.is_file():
            raise LakehouseError(f"{contract.dataset}: {file} is not a file; nothing was ingested")
        key = f"{contract.stage_prefix}{arrived_at:%Y/%m/%d/%H%M%S%f}/{file.name}"
        if key in keys:
            raise LakehouseError(
                f"{contract.dataset}: {keys[key]} and {file} have the same name; ingest them one after the other"
            )
        keys[key] = file
    bucket = names.bucket(Zone.STAGE)
    for key, file in keys.items():
        s3.upload_file(str(file), bucket, key)
    index.list_all_next(s3, names=names, dataset=contract.dataset, prefix=contract.stage_prefix)
    return [f"s3://{bucket}/{key}" for key in keys]
