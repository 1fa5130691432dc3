"""Multipart uploads: parts are stored and joined on disk.

ministack keeps all parts in memory, and hashes and joins them there when the upload completes.
"""

import hashlib
import mmap
import os
import shutil
import tempfile
from typing import Any
from xml.etree import ElementTree

from ministack.core.responses import now_iso  # type: ignore[import-untyped]
from ministack.services import s3  # type: ignore[import-untyped]

from emulator.runtime import plugin

COPY_BYTES = 8 << 20

_upload_part = s3._upload_part
_complete = s3._complete_multipart_upload


def install() -> None:
    """Replace ministack's functions that store a part and complete an upload."""
    s3._upload_part = _upload_part_to_disk
    s3._complete_multipart_upload = _complete_on_disk


def _upload_part_to_disk(bucket: str, key: str, body: bytes, query: Any, headers: Any) -> Any:
    response = _upload_part(bucket, key, body, query, headers)
    if response[0] == 200 and body:
        part = s3._multipart_uploads[s3._qp(query, "uploadId")]["parts"][int(s3._qp(query, "partNumber"))]
        part["file"] = file = tempfile.TemporaryFile(dir=plugin.root / "tmp")  # noqa: SIM115 - open until the upload ends
        file.write(body)
        file.flush()
        # ministack reads the part as bytes if it completes the upload.
        part["body"] = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    return response


def _complete_on_disk(name: str, key: str, body: bytes, query: Any, headers: Any = None) -> Any:
    """Complete an upload whose parts are all on disk; ministack answers all other requests, including invalid ones."""
    upload_id = s3._qp(query, "uploadId")
    upload = s3._multipart_uploads.get(upload_id)
    bucket = s3._ensure_bucket(name)
    parts = (
        _listed_parts(upload, body) if upload and bucket and (upload["bucket"], upload["key"]) == (name, key) else []
    )
    declared = (headers or {}).get("x-amz-mp-object-size", sum(part["size"] for _, part in parts))
    if not parts or upload.get("checksum_algorithm") or int(declared) != sum(part["size"] for _, part in parts):
        return _complete(name, key, body, query, headers)
    prior = bucket["objects"].get(key)
    failed_precondition = s3._check_put_preconditions(headers or {}, prior)
    if failed_precondition:
        return failed_precondition
    digests = b"".join(bytes.fromhex(part["etag"].strip('"')) for _, part in parts)
    record = {
        "body": None,
        "content_type": upload["content_type"],
        "content_encoding": upload.get("content_encoding"),
        "etag": f'"{hashlib.md5(digests, usedforsecurity=False).hexdigest()}-{len(parts)}"',
        "last_modified": now_iso(),
        "size": sum(part["size"] for _, part in parts),
        "metadata": upload["metadata"],
        "preserved_headers": upload.get("preserved_headers", {}),
        "storage_class": upload.get("storage_class") or "STANDARD",
        "parts": [{"PartNumber": number, "Size": part["size"]} for number, part in parts],
        "checksums": {},
    }
    path = s3._object_disk_path(name, key)
    os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
    with open(f"{path}.tmp", "wb") as whole:
        for _, part in parts:
            part["file"].seek(0)
            shutil.copyfileobj(part["file"], whole, COPY_BYTES)
    version = s3._record_object_version(name, key, prior, record, None)
    os.replace(f"{path}.tmp", path)
    bucket["objects"][key] = record
    s3._persist_object(name, key, record)
    del s3._multipart_uploads[upload_id]
    s3._fire_s3_event_async(
        name,
        key,
        "s3:ObjectCreated:CompleteMultipartUpload",
        size=record["size"],
        etag=record["etag"],
        version_id=version,
    )
    response_headers = {"Content-Type": "application/xml"} | s3._stored_sse_headers(record)
    response_headers |= {"x-amz-version-id": version} if version else {}
    response = (200, response_headers, _result(name, key, str(record["etag"])))
    s3._completed_multipart_uploads[upload_id] = {"key": key, "response": response}
    return response


def _listed_parts(upload: Any, body: bytes) -> list[tuple[int, Any]]:
    """Return the parts that a request lists, in order; empty if one of them has another ETag or is not on disk."""
    try:
        root = ElementTree.fromstring(body)  # noqa: S314 - from this machine's own client
    except ElementTree.ParseError:
        return []
    parts = []
    for element in root.iter():
        if element.tag.rpartition("}")[2] == "Part":
            members = {child.tag.rpartition("}")[2]: child.text or "" for child in element}
            part = upload["parts"].get(int(members["PartNumber"]))
            if part is None or "file" not in part or members.get("ETag", "").strip('"') != part["etag"].strip('"'):
                return []
            parts.append((int(members["PartNumber"]), part))
    return sorted(parts, key=lambda numbered: numbered[0])


def _result(bucket: str, key: str, etag: str) -> Any:
    root = ElementTree.Element("CompleteMultipartUploadResult", xmlns=s3.S3_NS)
    location = f"{plugin.endpoint}/{bucket}/{key}"
    for name, value in (("Location", location), ("Bucket", bucket), ("Key", key), ("ETag", etag)):
        ElementTree.SubElement(root, name).text = value
    return s3._xml_body(root)
