"""Traces: an OpenTelemetry span for each attempt and each step of it, exported where a job is told to, else nowhere.

OpenTelemetry is loaded only by a job that exports: its import takes longer than a small job's own work.

Source: OpenTelemetry specification, "OTLP Exporter Configuration"; Amazon CloudWatch user guide, "OTLP endpoints".
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest

from lakehouse.errors import LakehouseError
from lakehouse.names import Move, Names

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from requests import PreparedRequest, Session

AWS_ENDPOINT = re.compile(r"https://(?P<service>[a-z]+)\.(?P<region>[a-z0-9-]+)\.amazonaws\.com/")
SECONDS_TO_EXPORT = 5

_provider: "TracerProvider | None" = None


def asked_for() -> str | None:
    """Where OpenTelemetry's own environment variables send traces, if they are set."""
    base = os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT")
    return os.environ.get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") or (f"{base.rstrip('/')}/v1/traces" if base else None)


def export_to(endpoint: str, *, move: Move, names: Names, run_id: str) -> None:
    """Export the spans of this process from now on; a receiver that is down costs time, but fails nothing.

    Args:
        endpoint: URL that takes OTLP over HTTP, e.g. `names.traces_endpoint`; requests to AWS's own are signed.
        move, names, run_id: the job run that they are of.

    Raises:
        LakehouseError: the endpoint is AWS's, and there are no credentials.
    """
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    global _provider  # a process is one job run, and its spans go to one place
    resource = {
        "service.namespace": names.project,
        "service.name": names.job(move),
        "service.instance.id": run_id,
        "deployment.environment.name": names.environment,
    }
    exporter = OTLPSpanExporter(endpoint, timeout=SECONDS_TO_EXPORT, session=_session(endpoint))
    _provider = TracerProvider(resource=Resource.create(resource))
    _provider.add_span_processor(BatchSpanProcessor(exporter))


@contextmanager
def span(name: str, **attributes: str) -> Iterator[None]:
    """Time what is done within; what it raises is noted on the span.

    Args:
        name: the move or the step.
        attributes: what it is about; each gets the prefix `lakehouse.`.
    """
    if _provider is None:
        yield
        return
    named = {f"lakehouse.{key}": value for key, value in attributes.items()}
    with _provider.get_tracer("lakehouse").start_as_current_span(name, attributes=named):
        yield


def flush() -> None:
    """Send what has ended: Glue promises a script no orderly exit."""
    if _provider is not None:
        _provider.force_flush(SECONDS_TO_EXPORT * 1000)


def _session(endpoint: str) -> "Session | None":
    aws = AWS_ENDPOINT.match(endpoint)
    if aws is None:
        return None
    import requests

    credentials = boto3.Session().get_credentials()
    if credentials is None:
        raise LakehouseError(f"traces go to {endpoint}, which takes signed requests, but there are no AWS credentials")

    def sign(request: "PreparedRequest") -> "PreparedRequest":
        # Frozen now, so that a long job signs with credentials that are still good.
        signer = SigV4Auth(credentials.get_frozen_credentials(), aws["service"], aws["region"])
        unsigned = AWSRequest(request.method, request.url, data=request.body)
        signer.add_auth(unsigned)
        request.headers.update(dict(unsigned.headers))
        return request

    session = requests.Session()
    session.auth = sign
    return session
