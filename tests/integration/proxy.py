"""A proxy before the embedded AWS, which can do something the moment a request comes and before it is passed on."""

import http.client
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

Before = Callable[[str, bytes], None]
"""Gets the AWS action of a request, e.g. `AWSGlue.GetTable`, or its HTTP method where it has none, and its body."""

_HOP_BY_HOP = {"connection", "transfer-encoding", "content-length"}


@contextmanager
def proxy(endpoint: str, *, before: Before) -> Iterator[str]:
    """Run it on a free port of 127.0.0.1; gives its endpoint. Requests are handled one at a time."""
    turn = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # answers in two packets would wait 40 ms each

        def _pass_on(self) -> None:
            body = self._body()
            with turn:
                before(self.headers.get("x-amz-target", self.command), body)
            target = http.client.HTTPConnection(urlsplit(endpoint).netloc)
            headers = {name: value for name, value in self.headers.items() if name.lower() not in _HOP_BY_HOP}
            target.request(self.command, self.path, body, headers | {"Content-Length": str(len(body))})
            answer = target.getresponse()
            content = answer.read()
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in _HOP_BY_HOP:
                    self.send_header(name, value)
            length = answer.getheader("Content-Length") if self.command == "HEAD" else None
            self.send_header("Content-Length", length or str(len(content)))
            self.end_headers()
            self.wfile.write(content)
            target.close()

        do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = _pass_on  # noqa: N815

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

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
