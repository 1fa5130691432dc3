"""Output of a process, sent to CloudWatch Logs line by line while it runs."""

import contextlib
import logging
import os
import selectors
import time
from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

from emulator.runtime import plugin
from emulator.runtime.plugin import Json

SEND_SECONDS = 0.25
EVENTS = 5_000
MESSAGE_BYTES = 250_000
LAST_LINES = 50
DENIED = "AccessDeniedException"

log = logging.getLogger(__name__)


def groups(job: Json, arguments: Mapping[str, str]) -> tuple[str, str]:
    """Return the log groups of standard output and standard error of a job run.

    Source: https://docs.aws.amazon.com/glue/latest/dg/monitor-continuous-logging.html
    """
    continuous = arguments.get("--continuous-log-logGroup")
    if continuous:
        return continuous, continuous
    prefix = arguments.get("--custom-logGroup-prefix", "/aws-glue/jobs").rstrip("/")
    if configuration := job.get("SecurityConfiguration"):
        prefix += f"/{configuration}-role/{job['Role'].rpartition('/')[2]}"
    return f"{prefix}/output", f"{prefix}/error"


class Shipper:
    """Sender of lines to one log stream in a session of a role; it keeps the last ones in `last`.

    Args:
        group: log group.
        stream: log stream.
        role: the role.
        session: name of its session.
        may_be_denied: whether the lines are lost if the role may not write them, as those of a Glue job are; or that
            is an error.
    """

    def __init__(self, *, group: str, stream: str, role: str, session: str, may_be_denied: bool = False) -> None:
        self._role, self._session = role, session
        self._group = group
        self._stream = stream
        self._may_be_denied = may_be_denied
        self._events: list[Json] = []
        self._exists = False
        self.last: deque[str] = deque(maxlen=LAST_LINES)

    def add(self, line: bytes) -> None:
        """Add a line to the next request; an empty line is ignored."""
        text = line.decode(errors="replace")
        if text.strip():
            self.last.append(text)
            self._events.append({"timestamp": int(time.time() * 1000), "message": text[:MESSAGE_BYTES]})

    def send(self) -> None:
        """Send the added lines; create the log group and stream with the first ones."""
        if not self._events:
            return
        try:
            self._send()
        except ClientError as error:
            if error.response["Error"]["Code"] != DENIED or not self._may_be_denied:
                raise
            log.warning("%s: %s", self._group, error)
            self._events.clear()

    def _send(self) -> None:
        logs = plugin.client("logs", role=self._role, session=self._session)
        if not self._exists:
            with contextlib.suppress(logs.exceptions.ResourceAlreadyExistsException):
                logs.create_log_group(logGroupName=self._group)
            with contextlib.suppress(logs.exceptions.ResourceAlreadyExistsException):
                logs.create_log_stream(logGroupName=self._group, logStreamName=self._stream)
            self._exists = True
        for start in range(0, len(self._events), EVENTS):
            logs.put_log_events(
                logGroupName=self._group, logStreamName=self._stream, logEvents=self._events[start : start + EVENTS]
            )
        self._events.clear()


def ship(sources: Mapping[int, Shipper]) -> Iterator[None]:
    """Read file descriptors to their end and send their lines; yield several times a second.

    Args:
        sources: for each read end of a pipe, the shipper of its lines; the pipe is closed at the end.
    """
    selector: Any = selectors.DefaultSelector()
    pending = dict.fromkeys(sources, b"")
    for descriptor in sources:
        selector.register(descriptor, selectors.EVENT_READ)
    due = time.monotonic() + SEND_SECONDS
    while selector.get_map():
        for key, _ in selector.select(timeout=max(0.0, due - time.monotonic())):
            data = os.read(key.fd, 1 << 16)
            *lines, pending[key.fd] = (pending[key.fd] + data).split(b"\n")
            if not data:
                selector.unregister(key.fd)
                os.close(key.fd)
                lines = [pending.pop(key.fd)]
            for line in lines:
                sources[key.fd].add(line)
        if time.monotonic() >= due:
            for shipper in sources.values():
                shipper.send()
            due = time.monotonic() + SEND_SECONDS
            yield
    for shipper in sources.values():
        shipper.send()
