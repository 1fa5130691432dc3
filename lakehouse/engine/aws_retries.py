"""AWS retries: time-outs and number of tries of a job's AWS clients, and log lines of failed tries.

Four libraries of a job call AWS, each with its own retries: boto3, Arrow (for PyIceberg's files), and on Sail the Rust
clients of Glue and S3. See docs/decisions/197-aws-retries.md.
"""

import logging
import os
from functools import cache
from typing import Any

import botocore
from botocore.config import Config
from botocore.session import Session
from pyarrow.fs import AwsStandardS3RetryStrategy

TRIES = 8
"""Tries of one request; the waits between them grow up to 20 s."""

CONNECT_SECONDS, READ_SECONDS = 5, 30
"""Time-outs until a connection is open, and between two parts of a response."""

RUST_RETRIES = ("object_store::client=info", "aws_smithy_runtime::client::http::connection_poisoning=debug")
"""Log filters for retries of Sail's S3 and Glue clients; at other levels these clients log each request."""

log = logging.getLogger(__name__)


class ArrowRetries(AwsStandardS3RetryStrategy):  # type: ignore[misc]
    """Arrow's retries with the number of tries of the other clients; Arrow's default is three."""

    def __init__(self) -> None:
        super().__init__(max_attempts=TRIES)


ICEBERG_FILES = {
    "s3.retry-strategy-impl": f"{ArrowRetries.__module__}.{ArrowRetries.__name__}",
    "s3.connect-timeout": str(CONNECT_SECONDS),
    "s3.request-timeout": str(READ_SECONDS),
}
"""Properties of a PyIceberg catalog for the files that it reads and writes itself."""


@cache  # Once a process.
def configure() -> None:
    """Set time-outs and tries of the AWS clients that this process creates from now on, and log boto3's failed tries.

    Environment variables that are already set are kept.
    """
    # boto3 and AWS's SDK for Rust read both.
    os.environ.setdefault("AWS_RETRY_MODE", "standard")
    os.environ.setdefault("AWS_MAX_ATTEMPTS", str(TRIES))
    botocore.register_initializer(_configure_session)


def _configure_session(session: Session) -> None:
    session.set_default_client_config(Config(connect_timeout=CONNECT_SECONDS, read_timeout=READ_SECONDS))
    session.register("needs-retry", _log_failure)


def _log_failure(**event: Any) -> None:
    """Log a failed try that boto3 repeats, or would repeat if it were not the last.

    Args:
        event: `response` (None or HTTP and parsed response), `caught_exception`, `operation`, `attempts`.
    """
    parsed = event["response"][1] if event["response"] else {}
    status = parsed.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    code = parsed.get("Error", {}).get("Code", "")
    if event["caught_exception"] is None and status < 500 and "Throttl" not in code and "Expired" not in code:
        return
    operation = event["operation"]
    log.warning(
        "%s %s failed at try %d of up to %d: %s",
        *(operation.service_model.service_name, operation.name, event["attempts"], TRIES),
        event["caught_exception"] or f"{status} {code}",
    )
