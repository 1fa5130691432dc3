"""A receiver of OpenTelemetry traces over HTTP, which remembers what it got."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue

from tests.support.http_servers import Posted, receiving


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

    def take(posted: Posted) -> tuple[int, str]:
        assert (posted.path, posted.headers["Content-Type"]) == ("/v1/traces", "application/x-protobuf")
        received.requests.append(ExportTraceServiceRequest.FromString(posted.body))
        return 200, ""

    with receiving(take) as url:
        received = Receiver(f"{url}/v1/traces")
        yield received


def _texts(attributes: Iterable[KeyValue]) -> dict[str, str]:
    return {item.key: item.value.string_value for item in attributes}
