"""Records wait in a buffer for each partition until the destination's hints are met; then they are one object.

AWS waits the whole interval, at least a minute with dynamic partitioning. Here a buffer is also written when no record
came for a moment, so that nobody waits a minute for a demo.
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

log = logging.getLogger("lakehouse.firehose")

STATE = "firehose-buffers"
QUIET_SECONDS = 1.0
LOOK_SECONDS = 0.1
DEFAULT_SECONDS, DEFAULT_MIB = 300, 5

Key = tuple[str, str, str, str | None, tuple[tuple[str, str], ...]]


@dataclass(slots=True, kw_only=True)
class Buffer:
    """What waits for one object: lines of one partition, or undeliverable records of one kind of `error`."""

    account: str
    region: str
    stream: str
    error: str | None
    keys: dict[str, str]
    since: float
    """Seconds since 1970 of the first record, which date the object's prefix."""
    latest: float
    body: bytearray

    @property
    def key(self) -> Key:
        return self.account, self.region, self.stream, self.error, tuple(sorted(self.keys.items()))


_waiting: dict[Key, Buffer] = {}
_under_way: list[Buffer] = []
_lock = threading.Lock()
_some = threading.Event()
_streams_known = threading.Event()


def install() -> None:
    """Take the place of ministack's delivery, which writes each record as an object of its own, uncompressed."""
    plugin.state(STATE, save=_save, load=_load)
    firehose._deliver_records_to_s3 = add
    restore = firehose.load_persisted_state

    def load(data: Any) -> None:
        restore(data)
        _streams_known.set()

    firehose.load_persisted_state = load
    threading.Thread(target=_deliver_forever, name="firehose", daemon=True).start()


def add(stream: Mapping[str, Any], destination: Mapping[str, Any], records: list[tuple[str, bytes]]) -> None:
    """Take records for an S3 destination.

    Args:
        stream: as ministack keeps it, under the current request's account and region.
        destination: one of the stream's.
        records: record ids and what was put.
    """
    config = destination["config"]
    transformed: dict[str, dict[str, str]] = {}
    now = time.time()
    for record_id, data in firehose._apply_lambda_processors(stream, destination, records, partition_sink=transformed):
        try:
            keys = partitions.keys_of(config, data) | transformed.get(record_id, {})
            files.prefix(config, keys=keys, error=None, at=now)
            error, line = None, data + files.delimiter(config)
        except firehose._DeliveryError as refused:
            keys, error, line = {}, refused.output_type, files.undelivered(data, reason=refused.message, at=now)
        _wait(
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
    _streams_known.set()
    destination["records"].clear()  # ministack would keep every record in memory for ever
    checkpoint.mark(STATE)


def _wait(new: Buffer) -> None:
    with _lock:
        buffer = _waiting.setdefault(new.key, new)
        if buffer is not new:
            buffer.body += new.body
            buffer.latest = new.latest
    _some.set()


def _deliver_forever() -> None:
    _streams_known.wait()  # buffers that an earlier server left are here before their streams are
    while True:
        _some.wait()
        with _lock:
            _under_way.extend(buffer for buffer in _waiting.values() if _is_due(buffer))
            for buffer in _under_way:
                del _waiting[buffer.key]
            if not _waiting:
                _some.clear()
        for buffer in list(_under_way):
            again = _deliver(buffer)
            with _lock:
                _under_way.remove(buffer)
            if again:
                _wait(buffer)
            checkpoint.mark(STATE)
        time.sleep(LOOK_SECONDS)


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
    found: dict[str, Any] | None = firehose._streams.get_scoped(buffer.account, buffer.region, buffer.stream)
    return found


def _config(stream: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = stream["destinations"][0]["config"]
    return found


def _deliver(buffer: Buffer) -> bool:
    """Write an object; whether it has to be tried again."""
    stream = _stream(buffer)
    if stream is None:
        log.warning("%s was deleted: %s bytes of its records are lost, as in AWS", buffer.stream, len(buffer.body))
        return False
    set_request_account_id(buffer.account)
    set_request_region(buffer.region)
    try:
        files.write(stream, _config(stream), buffer.body, keys=buffer.keys, error=buffer.error, at=buffer.since)
    except Exception:  # whatever it is: the thread that delivers for all streams must not end
        log.exception("%s: %s bytes could not be delivered; they are tried again", buffer.stream, len(buffer.body))
        buffer.since = buffer.latest = time.time()
        return True
    return False


def _save() -> list[dict[str, Any]]:
    with _lock:
        buffers = [*_under_way, *_waiting.values()]
        return [asdict(item) | {"body": base64.b64encode(item.body).decode()} for item in buffers]


def _load(saved: list[dict[str, Any]]) -> None:
    for item in saved:
        _wait(Buffer(**item | {"body": bytearray(base64.b64decode(item["body"]))}))
