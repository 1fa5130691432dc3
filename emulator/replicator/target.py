"""The target: names of objects in S3, and their upload.

Source: AWS DMS user guide, "Using Amazon S3 as a target": file names and date-based folder partitioning.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from emulator.replicator.settings import Target


class Bucket:
    """The folder of an S3 bucket to which a replication writes."""

    def __init__(self, target: Target) -> None:
        self._target = target
        # The replication itself retries, and can be stopped in between.
        self._client: Any = boto3.client("s3", config=Config(retries={"total_max_attempts": 2}))
        self._last_name = datetime.min.replace(tzinfo=UTC)

    def upload(self, path: Path, key: str) -> None:
        """Upload a file to a key in the folder."""
        encryption = (
            {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": self._target.kms_key} if self._target.kms_key else {}
        )
        with path.open("rb") as content:
            self._client.upload_fileobj(content, self._target.bucket, self._full(key), ExtraArgs=encryption)

    def change_key(self, schema: str, table: str, *, committed: date) -> str:
        """Return a new key for changes of a day; names grow with each call."""
        now = datetime.now(UTC)
        now = max(now.replace(microsecond=now.microsecond // 1000 * 1000), self._last_name + timedelta(milliseconds=1))
        self._last_name = now
        name = f"{now:%Y%m%d-%H%M%S}{now.microsecond // 1000:03d}.parquet"
        folder = f"{schema}/{table}"
        return f"{folder}/{committed:%Y/%m/%d}/{name}" if self._target.date_folders else f"{folder}/{name}"

    def remove_other_loads(self, schema: str, table: str, *, keep: Iterable[str]) -> None:
        """Delete files of an earlier full load of a table that the new one did not replace."""
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._target.bucket, Prefix=self._full(f"{schema}/{table}/LOAD")
        )
        existing = [entry["Key"] for page in pages for entry in page.get("Contents", [])]
        for key in set(existing) - {self._full(key) for key in keep}:
            self._client.delete_object(Bucket=self._target.bucket, Key=key)

    def _full(self, key: str) -> str:
        return f"{self._target.folder}/{key}" if self._target.folder else key


def load_key(schema: str, table: str, number: int) -> str:
    """Return the key of the n-th file of a table's full load; DMS counts in hexadecimal."""
    return f"{schema}/{table}/LOAD{number:08X}.parquet"
