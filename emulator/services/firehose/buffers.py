"""Buffers of records, one for each partition; each is written as one object when the destination's hints are met.

AWS always waits for the interval, which is at least a minute with dynamic partitioning. The emulator also writes a
buffer when no record came for a second, so that demos and tests need not wait.
"""

import base64
import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ministack.core.responses import set_request_account_id, set_request_region  # type: ignore[import-untyped]
from ministack.services import firehose  # type: ignore[import-untyped]

from emulator.runtime import checkpoint, plugin
from emulator.services.firehose import files, partitions

log = logging.getLogger(__name__)

STATE = "firehose-buffers"
QUIET_SECONDS = 1.0
POLL_SECONDS = 0.1
DEFAULT_SECONDS, DEFAULT_MIB = 300, 5

Key = tuple[str, str, str, str | None, tuple[tuple[str, str], ...]]


@dataclass(slots=True, kw_only=True)
class Buffer:
    """The content of one object: lines of one partition, or undeliverable records with one kind of error.

    Attributes:
        account: AWS account of the stream.
        region: AWS region of the stream.
        stream: name of the stream.
        error: kind of error; None for records of a partition.
        keys: partition keys.
        since: time of the first record, in seconds since 1970; it dates the object's prefix.
        latest: time of the last record, in seconds since 1970.
        body: the lines.
    """

    account: str
    region: str
    stream: str
    error: str | None
    keys: dict[str, str]
    since: float
    latest: float
    body: bytearray

    @property
    def key(self) -> Key:
        """The object to which records of the buffer belong."""
        return self.account, self.region, self.stream, self.error, tuple(sorted(self.keys.items()))


_waiting: dict[Key, Buffer] = {}
_in_delivery: list[Buffer] = []
_lock = threading.Lock()
_not_empty = threading.Event()
_streams_loaded = threading.Event()


def install() -> None:
    """Replace ministack's delivery, which writes each record as a separate, uncompressed object."""
    plugin.state(STATE, save=_save, load=_load)
    firehose._deliver_records_to_s3 = add
    restore = firehose.load_persisted_state

    def load(state: Any) -> None:
        restore(state)
        _streams_loaded.set()

    firehose.load_persisted_state = load
    threading.Thread(target=_deliver_forever, name="firehose", daemon=True).start()


def add(stream: Mapping[str, Any], destination: Mapping[str, Any], records: list[tuple[str, bytes]]) -> None:
    """Add records for an S3 destination.

    Args:
        stream: ministack's record of the stream, under the current request's account and region.
        destination: a destination of the stream.
        records: record ids and their data.
    """
    config = destination["config"]
    transformed: dict[str, dict[str, str]] = {}
    now = time.time()
    for record_id, data in firehose._apply_lambda_processors(stream, destination, records, partition_sink=transformed):
        try:
            keys = partitions.keys_of(config, data) | transformed.get(record_id, {})
            files.prefix(config, keys=keys, error=None, at=now)
            error, line = None, data + files.delimiter(config)
        except firehose._DeliveryError as failure:
            keys, error, line = {}, failure.output_type, files.undelivered(data, reason=failure.message, at=now)
        _append(
            Buffer(
                account=plugin.account(),
                region=plugin.region(),
                stream=stream["name"],
                error=error,
                keys=keys,
                since=now,
                latest=now,
                body=bytearray(line),
            )
        )
    _streams_loaded.set()
    destination["records"].clear()  # ministack would keep every record in memory
    checkpoint.mark(STATE)


def _append(new: Buffer) -> None:
    with _lock:
        buffer = _waiting.setdefault(new.key, new)
        if buffer is not new:
            buffer.body += new.body
            buffer.latest = new.latest
    _not_empty.set()


def _deliver_forever() -> None:
    _streams_loaded.wait()  # buffers of an earlier server are loaded before their streams
    while True:
        _not_empty.wait()
        with _lock:
            _in_delivery.extend(buffer for buffer in _waiting.values() if _is_due(buffer))
            for buffer in _in_delivery:
                del _waiting[buffer.key]
            if not _waiting:
                _not_empty.clear()
        for buffer in list(_in_delivery):
            delivered = _deliver(buffer)
            with _lock:
                _in_delivery.remove(buffer)
            if not delivered:
                _append(buffer)
            checkpoint.mark(STATE)
        time.sleep(POLL_SECONDS)


def _is_due(buffer: Buffer) -> bool:
    stream = _stream(buffer)
    hints = _config(stream).get("BufferingHints", {}) if stream else {}
    now = time.time()
    return (
        len(buffer.body) >= int(hints.get("SizeInMBs", DEFAULT_MIB)) << 20
        or now - buffer.since >= int(hints.get("IntervalInSeconds", DEFAULT_SECONDS))
        or now - buffer.latest >= QUIET_SECONDS
    )


def _stream(buffer: Buffer) -> dict[str, Any] | None:
    stream: dict[str, Any] | None = firehose._streams.get_scoped(buffer.account, buffer.region, buffer.stream)
    return stream


def _config(stream: Mapping[str, Any]) -> dict[str, Any]:
    config: dict[str, Any] = stream["destinations"][0]["config"]
    return config


def _deliver(buffer: Buffer) -> bool:
    """Write an object; return False if it must be written later."""
    stream = _stream(buffer)
    if stream is None:
        log.warning("%s was deleted: %s bytes of its records are lost, as in AWS", buffer.stream, len(buffer.body))
        return True
    set_request_account_id(buffer.account)
    set_request_region(buffer.region)
    try:
        files.write(stream, _config(stream), buffer.body, keys=buffer.keys, error=buffer.error, at=buffer.since)
    except Exception:  # the thread that delivers for all streams must not end
        log.exception("%s: %s bytes could not be delivered; the next attempt follows", buffer.stream, len(buffer.body))
        buffer.since = buffer.latest = time.time()
        return False
    return True


def _save() -> list[dict[str, Any]]:
    with _lock:
        buffers = [*_in_delivery, *_waiting.values()]
        return [asdict(buffer) | {"body": base64.b64encode(buffer.body).decode()} for buffer in buffers]


def _load(saved: list[dict[str, Any]]) -> None:
    for buffer in saved:
        _append(Buffer(**buffer | {"body": bytearray(base64.b64decode(buffer["body"]))}))
