"""Where traces go, and that requests to AWS are signed with what they carry."""

import re

import pytest
import requests

from lakehouse.engine import tracing
from lakehouse.errors import LakehouseError
from lakehouse.names import Names

NAMES = Names(environment="dev", account="123456789012", region="eu-central-1")


@pytest.mark.parametrize(
    ("variables", "endpoint"),
    [
        ({}, None),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318/"}, "http://127.0.0.1:4318/v1/traces"),
        (
            {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://a", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://b/here"},
            "http://b/here",
        ),
    ],
)
def test_traces_go_where_opentelemetrys_variables_say(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], endpoint: str | None
) -> None:
    for name in ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert tracing.endpoint_from_environment() == endpoint


def signed(body: bytes) -> requests.PreparedRequest:
    session = tracing._session(NAMES.traces_endpoint)
    assert session is not None
    return session.prepare_request(requests.Request("POST", NAMES.traces_endpoint, data=body))


def test_requests_to_xray_are_signed_with_their_body(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "token")
    one, other = signed(b"spans"), signed(b"other spans")
    shape = (
        r"AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/\d{8}/eu-central-1/xray/aws4_request, "
        r"SignedHeaders=host;x-amz-date;x-amz-security-token, Signature=([0-9a-f]{64})"
    )
    signatures = [re.fullmatch(shape, request.headers["Authorization"]) for request in (one, other)]
    assert signatures[0] is not None
    assert signatures[1] is not None
    assert signatures[0][1] != signatures[1][1]
    assert one.headers["X-Amz-Security-Token"] == "token"
    assert one.body == b"spans"


def test_requests_to_others_are_not() -> None:
    assert tracing._session("http://127.0.0.1:4318/v1/traces") is None


def test_without_credentials_a_job_says_so_at_its_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    with pytest.raises(LakehouseError, match="no AWS credentials"):
        tracing._session(NAMES.traces_endpoint)
