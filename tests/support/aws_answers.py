"""Answers of AWS in this process: every call of boto3 is answered from a table, in the shapes of botocore's models."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError
from botocore.validate import ParamValidator, validate_parameters

Answers = Mapping[tuple[str, str], Any]
"""By (service, operation): a response, a function of the request that returns one, or an exception."""


def error(code: str, message: str = "") -> Callable[[Mapping[str, Any]], Any]:
    """An answer that is an error of AWS."""

    def refuse(request: Mapping[str, Any]) -> Any:
        raise ClientError({"Error": {"Code": code, "Message": message or code}}, "Call")

    return refuse


def answer(monkeypatch: pytest.MonkeyPatch, answers: Answers) -> list[tuple[str, str]]:
    """Answer all calls of a test by a table; what it does not have fails, as an operation that a service lacks.

    Returns:
        the calls that were made.
    """
    made: list[tuple[str, str]] = []

    def call(self: BaseClient, operation: str, request: dict[str, Any]) -> Any:
        model = self.meta.service_model.operation_model(operation)
        place = (self.meta.service_model.service_name, operation)
        made.append(place)
        if model.input_shape is not None:
            report = ParamValidator().validate(request, model.input_shape)
            assert not report.has_errors(), (place, report.generate_report())
        found = answers.get(place, error("UnknownOperationException", f"{place} has no answer"))
        try:
            response = found(request) if callable(found) else found
        except ClientError as refused:
            raise self.exceptions.from_code(refused.response["Error"]["Code"])(refused.response, operation) from None
        if model.output_shape is not None:
            validate_parameters(response, model.output_shape)
        return response

    monkeypatch.setattr(BaseClient, "_make_api_call", call)
    return made
