"""Writing of objects: they are hashed outside the event loop, and no version keeps its body in memory."""

import asyncio
import contextvars
from typing import Any

from ministack.services import s3  # type: ignore[import-untyped]

from emulator.runtime import checkpoint, plugin
from emulator.runtime.authorization import step

LARGE = 1 << 20
KMS_KEY = "x-amz-server-side-encryption-aws-kms-key-id"

_hashed: contextvars.ContextVar[tuple[bytes, str] | None] = contextvars.ContextVar("hashed", default=None)
_handle_request = s3.handle_request
_md5_hash = s3.md5_hash
_persist_object = s3._persist_object
_record_object_version = s3._record_object_version
_sse_headers = s3._resolve_sse_write_headers


def install() -> None:
    """Replace ministack's functions that receive and store an object, and save changes of a bucket at once."""
    s3.handle_request = _handle
    s3.md5_hash = _hash
    s3._persist_object = _persist_or_fail
    s3._record_object_version = _record_version_without_body
    s3._resolve_sse_write_headers = _sse_headers_with_default_key
    for change in ("_create_bucket", "_delete_bucket", "_put_bucket_versioning"):
        setattr(s3, change, _durable(getattr(s3, change)))


async def _handle(method: str, path: str, headers: Any, body: bytes, query: Any, *rest: Any, **options: Any) -> Any:
    if "signed_path" in options:  # a request to the bucket's own host, which does not come through the step
        refused = step.authorize("s3", method, path, headers, body, query)
        if refused is not None:
            return refused
    if method == "PUT" and len(body) >= LARGE:
        _hashed.set((body, await asyncio.to_thread(_md5_hash, body)))
    return await _handle_request(method, path, headers, body, query, *rest, **options)


def _hash(data: bytes) -> str:
    hashed = _hashed.get()
    return hashed[1] if hashed is not None and hashed[0] is data else str(_md5_hash(data))


def _record_version_without_body(bucket: str, key: str, prior: Any, record: Any, data: Any) -> Any:
    # The bytes are on disk when the request is answered.
    return _record_object_version(bucket, key, prior, record, None)


def _persist_or_fail(bucket: str, key: str, record: Any) -> None:
    """Write an object to disk or raise OSError; ministack only logs the failure."""
    _persist_object(bucket, key, record)
    if record.get("body") is not None:
        raise OSError(f"s3://{bucket}/{key} could not be written to {s3.DATA_DIR}; the server's log has the reason")


def _sse_headers_with_default_key(headers: Any, bucket: str) -> Any:
    """Use the account's `aws/s3` key for `aws:kms` without a key, as S3 does; ministack refuses such a request."""
    if headers.get("x-amz-server-side-encryption") == "aws:kms" and not headers.get(KMS_KEY):
        headers = headers | {KMS_KEY: f"arn:aws:kms:{plugin.region()}:{plugin.account()}:alias/aws/s3"}
    return _sse_headers(headers, bucket)


def _durable(change: Any) -> Any:
    def changed(*arguments: Any, **options: Any) -> Any:
        response = change(*arguments, **options)
        checkpoint.flush("s3")
        return response

    return changed
