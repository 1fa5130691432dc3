"""A proxy in front of the emulator: a test sees each whole request and decides how it is answered."""

import http.client
import socket
import struct
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from tests.support.http_servers import serving

HOP_BY_HOP = {"connection", "transfer-encoding", "content-length", "keep-alive"}
SLOW_PIECES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request as it came from a client of AWS."""

    method: str
    path: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    @property
    def service(self) -> str:
        """What it was signed for, such as `s3` or `glue`."""
        scope = self.headers.get("authorization", "").partition("Credential=")[2].split("/")
        return scope[3] if len(scope) > 3 else "?"

    @property
    def action(self) -> str:
        """`UpdateTable`; for S3 the method and what kind of object it is about, as `PUT .metadata.json`."""
        if target := self.headers.get("x-amz-target"):
            return target.rpartition(".")[2]
        if self.service != "s3":
            operation = self.path.rpartition("/")[2]  # of the protocol rpc-v2
            return parse_qs(self.body.decode(errors="replace")).get("Action", [operation])[0]
        name = urlsplit(self.path).path.rpartition("/")[2]
        suffix = ".metadata.json" if name.endswith(".metadata.json") else f".{name.rpartition('.')[2]}"
        return f"{self.method} {suffix if '.' in name else ''}".strip()

    @property
    def about(self) -> str:
        """The object of S3, or the action."""
        return urlsplit(self.path).path if self.service == "s3" else self.action

    @property
    def client(self) -> str:
        """The library that sent it."""
        agent = self.headers.get("user-agent", "").lower()
        known = ("boto3", "aws-sdk-cpp", "aws-sdk-rust", "object_store", "rust")
        return next((name for name in known if name in agent), agent.partition("/")[0] or "object_store")

    @property
    def is_effect(self) -> bool:
        """Whether it changes something in AWS."""
        if self.service == "s3":
            return self.method not in ("GET", "HEAD")
        return not self.action.startswith(("Get", "List", "Describe", "BatchGet"))

    def __str__(self) -> str:
        return f"{self.service} {self.action}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the client gets.

    Args:
        sent: bytes of the body after which the connection is reset; None: all of them, and no reset.
        seconds: how long the body takes; the head comes at once.
    """

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes = field(repr=False)
    sent: int | None = None
    seconds: float = 0


Forward = Callable[[], Answer]
Meddle = Callable[[Request, Forward], Answer | None]
"""Gets a request and what passes it on; gives what to answer, or None to reset the connection."""


@contextmanager
def wire(endpoint: str, meddle: Meddle) -> Iterator[str]:
    """Lay it on a free port of 127.0.0.1; gives its endpoint. `meddle` is called from many threads at once."""
    upstream = urlsplit(endpoint).netloc

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # answers in two packets would wait 40 ms each

        def _handle(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            request = Request(method=self.command, path=self.path, headers=headers, body=self._body())
            answer = meddle(request, lambda: _forward(upstream, request))
            with suppress(ConnectionError):
                if answer is None:
                    self._reset()
                else:
                    self._answer(answer)

        do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = _handle  # noqa: N815

        def _answer(self, answer: Answer) -> None:
            self.send_response(answer.status)
            for name, value in answer.headers:
                self.send_header(name, value)
            if not any(name.lower() == "content-length" for name, _ in answer.headers):
                self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            body = answer.body[: answer.sent]
            step = max(1, len(body) // SLOW_PIECES) if answer.seconds else max(1, len(body))
            for start in range(0, len(body), step):
                self.wfile.write(body[start : start + step])
                time.sleep(answer.seconds / SLOW_PIECES)
            if answer.sent is not None:
                self._reset()

        def _reset(self) -> None:
            # Without lingering a socket is closed by RST, as by a machine that is gone.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            self.connection.close()

        def _body(self) -> bytes:
            if self.headers.get("transfer-encoding", "").lower() != "chunked":
                return self.rfile.read(int(self.headers.get("content-length", 0)))
            chunks = []
            while size := int(self.rfile.readline().split(b";")[0], 16):
                chunks.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(chunks)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    class Listener(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128

        def handle_error(self, request: object, client_address: object) -> None:
            """A client that was killed leaves its connection behind; `meddle` reports its own faults."""

    with serving(Listener(("127.0.0.1", 0), Handler)) as found:
        yield found


def _forward(upstream: str, request: Request) -> Answer:
    connection = http.client.HTTPConnection(upstream, timeout=60)
    try:
        headers = {name: value for name, value in request.headers.items() if name not in HOP_BY_HOP}
        connection.request(
            request.method, request.path, request.body, headers | {"Content-Length": str(len(request.body))}
        )
        answer = connection.getresponse()
        body = answer.read()
        kept = [(name, value) for name, value in answer.getheaders() if name.lower() not in HOP_BY_HOP]
        if request.method == "HEAD" and (length := answer.getheader("Content-Length")):
            kept.append(("Content-Length", length))
        return Answer(status=answer.status, headers=tuple(kept), body=body)
    finally:
        connection.close()
