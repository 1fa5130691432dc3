"""Reading of objects and their versions from disk in pieces, with any range.

ministack reads the complete object for every range, and ignores `Range` together with `VersionId`.
"""

import contextvars
import io
import os
from typing import Any

from ministack.core.responses import StreamingResponse  # type: ignore[import-untyped]
from ministack.services import s3  # type: ignore[import-untyped]

PIECE = 1 << 20

_lazily: contextvars.ContextVar[bool] = contextvars.ContextVar("lazily", default=False)
_read_body = s3._read_body
_version_body = s3._version_body
_get_object = s3._get_object


def install() -> None:
    """Replace ministack's functions that read an object."""
    s3._read_body = _read_body_lazily
    s3._version_body = _version_body_lazily
    s3._get_object = _stream_object


class _File:
    """A part of a file that ministack can slice and measure like bytes.

    The file is open from the start, so an object that is replaced meanwhile is still read in its old version.
    """

    def __init__(self, file: io.FileIO, start: int, stop: int) -> None:
        self._file = file
        self._start = start
        self._stop = stop

    def __len__(self) -> int:
        return self._stop - self._start

    def __getitem__(self, piece: slice) -> "_File":
        start, stop, _ = piece.indices(len(self))
        return _File(self._file, self._start + start, self._start + stop)

    async def send(self, send: Any, receive: Any) -> None:
        """Send the bytes as many small ASGI messages, which asyncio writes without copying the rest."""
        for offset in range(self._start, self._stop, PIECE):
            body = os.pread(self._file.fileno(), min(PIECE, self._stop - offset), offset)
            await send({"type": "http.response.body", "body": body, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def _open(path: str | None) -> _File | None:
    if path is None or not os.path.isfile(path):
        return None
    file = io.FileIO(path)
    return _File(file, 0, os.fstat(file.fileno()).st_size)


def _read_body_lazily(bucket: str, key: str, record: Any) -> Any:
    if _lazily.get() and record.get("body") is None:
        body = _open(s3._object_disk_path(bucket, key))
        if body is None:
            raise FileNotFoundError(f"the bytes of s3://{bucket}/{key} are missing from {s3.DATA_DIR}")
        return body
    return _read_body(bucket, key, record)


def _version_body_lazily(bucket: Any, name: str, key: str, version: Any) -> Any:
    if _lazily.get() and version.get("data") is None:
        body = _open(s3._version_disk_path(name, key, version["version_id"]))
        if body is not None:
            return body
    return _version_body(bucket, name, key, version)


def _stream_object(bucket: str, key: str, headers: Any, query: Any = None) -> Any:
    token = _lazily.set(True)
    try:
        status, response, body = _get_object(bucket, key, headers, query)
    finally:
        _lazily.reset(token)
    if status == 200 and "versionId" in (query or {}) and "range" in headers:
        status, response, body = _range_of_version(headers["range"], response, body)
    if not isinstance(body, _File):
        return status, response, body
    response.setdefault("Content-Length", str(len(body)))
    return status, response, StreamingResponse(body.send)


def _range_of_version(header: str, response: dict[str, str], body: Any) -> Any:
    byte_range = s3._parse_range(header, len(body))
    if byte_range is None:
        return s3._error("InvalidRange", "The requested range is not satisfiable", 416)
    start, end = byte_range
    piece = body[start : end + 1]
    # The checksum of the complete object is not valid for a part of it.
    headers = {name: value for name, value in response.items() if not name.lower().startswith("x-amz-checksum")}
    headers |= {"Content-Length": str(len(piece)), "Content-Range": f"bytes {start}-{end}/{len(body)}"}
    return 206, headers, piece
