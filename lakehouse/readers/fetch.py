"""Fetch stage objects: exactly the version that a batch lists, or an error that names the object."""

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
"""Bytes of an object that are kept in memory; a larger object goes to disk."""

PART = 8 * 2**20
TRIES = 5
_BROKEN_OFF = (ConnectionClosedError, IncompleteReadError, ReadTimeoutError, ResponseStreamingError)
_GONE = ("NoSuchKey", "NoSuchVersion", "404", "MethodNotAllowed")


def fetch(s3: "S3Client", stage_object: StageObject) -> IO[bytes]:
    """Copy an object to a temporary file, which is deleted when it is closed.

    A file on disk needs no memory and can be read in any order (Parquet). It also separates network errors from data
    errors: an error after the copy is caused by the content.

    Args:
        s3: S3 client.
        stage_object: the object, identified by its version id if the bucket keeps versions, else by its ETag.

    Returns:
        The content, positioned at its start.

    Raises:
        LakehouseError: the object is gone, may not be read, or has changed since the batch was planned.
    """
    file = SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - the caller closes it
    try:
        _copy(s3, stage_object, file)
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return file


def _copy(s3: "S3Client", stage_object: StageObject, file: IO[bytes]) -> None:
    """Copy an object; if the connection breaks off, continue from the byte after the last one received."""
    failures = 0
    while file.tell() < stage_object.size:
        try:
            body = s3.get_object(**_request(stage_object, start=file.tell()))["Body"]
            for part in body.iter_chunks(PART):
                file.write(part)
        except _BROKEN_OFF:
            failures += 1
            if failures == TRIES:
                raise
        except ClientError as error:
            raise _explained(stage_object, error) from error
        else:
            break
    if file.tell() != stage_object.size:
        raise LakehouseError(
            f"{stage_object.uri}: expected {stage_object.size} bytes (ETag {stage_object.etag}), got {file.tell()}: "
            "run the batch again"
        )


def _request(stage_object: StageObject, *, start: int) -> dict[str, Any]:
    version = {"VersionId": stage_object.version_id} if stage_object.version_id else {}
    byte_range = {"Range": f"bytes={start}-"} if start else {}
    required = {"Bucket": stage_object.bucket, "Key": stage_object.key, "IfMatch": f'"{stage_object.etag}"'}
    return required | version | byte_range


def _explained(stage_object: StageObject, error: ClientError) -> Exception:
    """Return an error that names the object and what to do; the error itself if nothing is known about it."""
    uri, etag = stage_object.uri, stage_object.etag
    code = error.response["Error"]["Code"]
    if code in ("PreconditionFailed", "412"):
        return LakehouseError(
            f"{uri}: changed since its batch was planned (expected ETag {etag}): put the original back, or send the "
            "new content under another name"
        )
    if code in _GONE:
        return LakehouseError(
            f"{uri}: gone since its batch was planned (expected ETag {etag}, "
            f"version {stage_object.version_id or 'unknown'}): restore it from its source"
        )
    if error.response["ResponseMetadata"]["HTTPStatusCode"] == HTTPStatus.FORBIDDEN:
        return LakehouseError(
            f"{uri}: {error}: allow the job's role to read the object and to use the key that encrypts it; if the "
            "object is archived, restore it"
        )
    return error
