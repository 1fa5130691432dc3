"""Log lines and traces of a job: an OpenTelemetry span for each attempt and each of its steps.

Spans are exported if the job has an endpoint for them. Only then is OpenTelemetry loaded, because its import takes
longer than the work of a small job.

Source: OpenTelemetry specification, "OTLP Exporter Configuration"; Amazon CloudWatch user guide, "OTLP endpoints".
"""

import logging
import os
import re
import sys
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


def log_to_output(run_id: str) -> None:
    """Print the log of the lakehouse, and warnings of other libraries, each line with the id of the job run."""
    line = f"%(asctime)s %(levelname)s run={run_id} %(name)s: %(message)s"
    logging.basicConfig(stream=sys.stdout, level=logging.WARNING, format=line, force=True)
    logging.getLogger("lakehouse").setLevel(logging.INFO)


def endpoint_from_environment() -> str | None:
    """Return the URL for traces from OpenTelemetry's environment variables, or None if they are not set."""
    base = os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT")
    return os.environ.get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") or (f"{base.rstrip('/')}/v1/traces" if base else None)


def export_to(endpoint: str, *, move: Move, names: Names, run_id: str) -> None:
    """Export the spans of this process from now on; if the receiver is down, this takes time but fails nothing.

    Args:
        endpoint: URL that takes OTLP over HTTP, e.g. `names.traces_endpoint`; requests to AWS are signed.
        move: move of the job run.
        names: names of the deployment.
        run_id: id of the job run.

    Raises:
        LakehouseError: the endpoint is one of AWS, and there are no credentials.
    """
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    global _provider  # a process is one job run, with one receiver
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
    """Measure the time of a block and record the exception that it raises.

    Args:
        name: the move or the step.
        attributes: attributes of the span, e.g. the dataset; each gets the prefix `lakehouse.`.
    """
    if _provider is None:
        yield
        return
    named = {f"lakehouse.{key}": value for key, value in attributes.items()}
    with _provider.get_tracer("lakehouse").start_as_current_span(name, attributes=named):
        yield


def flush() -> None:
    """Send all ended spans, because Glue may end the process of a script without notice."""
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
        # Frozen for each request, so that a long job signs with credentials that have not expired.
        signer = SigV4Auth(credentials.get_frozen_credentials(), aws["service"], aws["region"])
        unsigned = AWSRequest(request.method, request.url, data=request.body)
        signer.add_auth(unsigned)
        request.headers.update(dict(unsigned.headers))
        return request

    session = requests.Session()
    session.auth = sign
    return session
