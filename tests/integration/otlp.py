"""A receiver of OpenTelemetry traces over HTTP, which remembers what it got."""

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue


class Span(NamedTuple):
    """One span, with the name of the span that it is in."""

    name: str
    parent: str | None
    attributes: dict[str, str]
    resource: dict[str, str]
    seconds: float
    errors: list[str]


class Receiver:
    """What arrived.

    Args:
        endpoint: URL to export to.
    """

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self.requests: list[ExportTraceServiceRequest] = []

    def spans(self) -> dict[str, Span]:
        """All spans, by name."""
        found = {
            span.span_id: (span, resource.resource)
            for request in self.requests
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        }
        return {
            span.name: Span(
                name=span.name,
                parent=found[span.parent_span_id][0].name if span.parent_span_id else None,
                attributes=_texts(span.attributes),
                resource=_texts(resource.attributes),
                seconds=(span.end_time_unix_nano - span.start_time_unix_nano) / 1e9,
                errors=[_texts(event.attributes)["exception.message"] for event in span.events],
            )
            for span, resource in found.values()
        }


@contextmanager
def receiver() -> Iterator[Receiver]:
    """Run one on a free port of 127.0.0.1."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert (self.path, self.headers["Content-Type"]) == ("/v1/traces", "application/x-protobuf")
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received.requests.append(ExportTraceServiceRequest.FromString(body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    received = Receiver(f"http://127.0.0.1:{server.server_port}/v1/traces")
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield received
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _texts(attributes: Iterable[KeyValue]) -> dict[str, str]:
    return {item.key: item.value.string_value for item in attributes}
