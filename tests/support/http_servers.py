"""HTTP servers of a test's own, on 127.0.0.1, for as long as a block lasts."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.message import Message
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer
from typing import NamedTuple


class Posted(NamedTuple):
    """A POST request."""

    path: str
    headers: Message
    body: bytes


@contextmanager
def serving(server: HTTPServer) -> Iterator[str]:
    """Let a server answer; gives its URL, without a slash at its end."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def receiving(take: Callable[[Posted], tuple[int, str]]) -> Iterator[str]:
    """Take what is posted to a free port; gives the URL.

    Args:
        take: gets each request, and gives the status and the text that it is answered with.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status, text = take(Posted(self.path, self.headers, body))
            self.send_response(status)
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class calls it so
            """Nothing: the test looks at what arrived."""

    with serving(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as url:
        yield url
