"""Objects that Firehose writes to S3: their names, compression, and the format of undeliverable records."""

import base64
import gzip
import json
import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from ministack.services import firehose  # type: ignore[import-untyped]

from emulator.runtime import plugin
from emulator.services.firehose import partitions

COMPRESSIONS: dict[str, tuple[str, Callable[[bytes | bytearray], bytes]]] = {
    "UNCOMPRESSED": ("", bytes),
    "GZIP": (".gz", gzip.compress),
}


def prefix(config: Mapping[str, Any], *, keys: Mapping[str, str], error: str | None, at: float) -> str:
    """Return the prefix of an object in its bucket.

    Args:
        config: an extended S3 destination, in the form of the API.
        keys: its partition keys.
        error: the kind of error, for records that could not be delivered.
        at: time of its first record, in seconds since 1970.

    Raises:
        firehose._DeliveryError: the prefix contains a key that the record does not have.
    """
    template = config.get("ErrorOutputPrefix") if error else config.get("Prefix")
    evaluated: str = firehose._evaluate_prefix(template, time.gmtime(at), keys, keys, error)
    return evaluated


def delimiter(config: Mapping[str, Any]) -> bytes:
    """Return the bytes after each record: empty without the processor that appends a delimiter."""
    text = partitions.parameter(config, "AppendDelimiterToRecord", "Delimiter") or ""
    return text.replace("\\n", "\n").encode()


def undelivered(record: bytes, *, reason: str, at: float) -> bytes:
    """Return a line of an object under the error prefix: the original record and the reason."""
    moment = int(at * 1000)
    document = {
        "attemptsMade": 1,
        "arrivalTimestamp": moment,
        "attemptEndingTimestamp": moment,
        "errorCode": "DynamicPartitioning.MetadataExtractionFailed",
        "errorMessage": reason,
        "rawData": base64.b64encode(record).decode(),
    }
    return json.dumps(document).encode() + b"\n"


def write(
    stream: Mapping[str, Any],
    config: Mapping[str, Any],
    body: bytes | bytearray,
    *,
    keys: Mapping[str, str],
    error: str | None,
    at: float,
) -> None:
    """Put one object of a stream, compressed as its destination requires."""
    extension, compress = COMPRESSIONS[config.get("CompressionFormat", "UNCOMPRESSED")]
    moment = time.strftime("%Y-%m-%d-%H-%M-%S", time.gmtime(at))
    name = f"{stream['name']}-{stream['version']}-{moment}-{uuid.uuid4()}"
    if role := config.get("RoleARN"):
        plugin.check_trust(role, "firehose.amazonaws.com")
    plugin.client("s3", role=role, session=stream["name"]).put_object(
        Bucket=config["BucketARN"].rpartition(":")[2],
        Key=f"{prefix(config, keys=keys, error=error, at=at)}{name}{config.get('FileExtension') or extension}",
        Body=compress(body),
    )
