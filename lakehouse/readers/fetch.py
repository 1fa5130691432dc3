"""Fetch stage objects: the very version that a batch lists, or an error that names the object."""

from http import HTTPStatus
from tempfile import SpooledTemporaryFile
from typing import IO, TYPE_CHECKING, Any

from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    IncompleteReadError,
    ReadTimeoutError,
    ResponseStreamingError,
)

from lakehouse.batches.manifests import StageObject
from lakehouse.errors import LakehouseError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

IN_MEMORY = 16 * 2**20
"""Bytes of an object that are held in memory; a larger one goes to disk."""

PART = 8 * 2**20
TRIES = 5
_BROKEN_OFF = (ConnectionClosedError, IncompleteReadError, ReadTimeoutError, ResponseStreamingError)
_GONE = ("NoSuchKey", "NoSuchVersion", "404", "MethodNotAllowed")


def fetch(s3: "S3Client", item: StageObject) -> IO[bytes]:
    """Copy an object to a temporary file, which is gone when it is closed.

    A file on disk needs no memory, can be read in any order (Parquet), and parts what a network does from what data
    does: once it is here, whatever goes wrong with it is its content's fault.

    Args:
        s3: S3 client.
        item: the object; by its version id where the bucket keeps versions, else by its ETag.

    Returns:
        its content, positioned at its start.

    Raises:
        LakehouseError: the object is gone, may not be read, or is no longer what the batch lists.
    """
    file = SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - the caller closes it
    try:
        _copy(s3, item, file)
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return file


def _copy(s3: "S3Client", item: StageObject, file: IO[bytes]) -> None:
    failures = 0
    while file.tell() < item.size:
        try:
            body = s3.get_object(**_request(item, file.tell()))["Body"]
            for part in body.iter_chunks(PART):
                file.write(part)
        except _BROKEN_OFF:
            failures += 1
            if failures == TRIES:
                raise
        except ClientError as error:
            raise _explained(item, error) from error
        else:
            break
    if file.tell() != item.size:
        raise LakehouseError(
            f"{item.uri}: expected {item.size} bytes (ETag {item.etag}), got {file.tell()}: run the batch again"
        )


def _request(item: StageObject, start: int) -> dict[str, Any]:
    version = {"VersionId": item.version_id} if item.version_id else {}
    byte_range = {"Range": f"bytes={start}-"} if start else {}
    return {"Bucket": item.bucket, "Key": item.key, "IfMatch": f'"{item.etag}"'} | version | byte_range


def _explained(item: StageObject, error: ClientError) -> Exception:
    code = error.response["Error"]["Code"]
    if code in ("PreconditionFailed", "412"):
        return LakehouseError(
            f"{item.uri}: changed since its batch was planned (expected ETag {item.etag}): put the original back, or "
            "send the new content under another name"
        )
    if code in _GONE:
        return LakehouseError(
            f"{item.uri}: gone since its batch was planned (expected ETag {item.etag}, "
            f"version {item.version_id or 'unknown'}): restore it from its source"
        )
    if error.response["ResponseMetadata"]["HTTPStatusCode"] == HTTPStatus.FORBIDDEN:
        return LakehouseError(
            f"{item.uri}: {error}: let the job's role read it and use the key that encrypts it, or restore it if it is "
            "archived"
        )
    return error
