"""A request as the authorization step sees it: the operation and its parameters, decoded once."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import parse_qs

from ministack.core import iam_actions  # type: ignore[import-untyped]

from emulator.runtime.responses import Json

LARGE = 1 << 16
DATA = frozenset({"kinesis", "firehose", "logs", "sqs", "sns", "monitoring"})
"""Services that data is put to: a large body is not decoded, because its few names are found in the text."""

_MEMBER = re.compile(rb'"(\w*(?:Name|name|ARN|Arn|arn|KeyId))"\s*:\s*"([^"\\]*)"')

# The services that ministack has no name for, with the names of botocore's models for those that speak REST.
_PREFIXES = iam_actions.SERVICE_TO_IAM_NAMESPACE | {
    name: name for name in ("lakeformation", "dms", "codeartifact", "kafka", "xray")
}
iam_actions._BOTOCORE_SERVICE_MAP |= {"lambda": ["lambda"], "codeartifact": ["codeartifact"], "xray": ["xray"]}
_RENAMED = {
    "lambda:Invoke": "lambda:InvokeFunction",
    "lambda:InvokeAsync": "lambda:InvokeFunction",
    **dict.fromkeys(("budgets:CreateBudget", "budgets:UpdateBudget", "budgets:DeleteBudget"), "budgets:ModifyBudget"),
    **dict.fromkeys(("budgets:DescribeBudget", "budgets:DescribeBudgets"), "budgets:ViewBudget"),
}
"""Operations whose action has another name."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """A request to a service.

    Attributes:
        service: ministack's name of the service.
        method: HTTP method.
        path: path of the URL.
        headers: headers with names in lower case.
        body: the body.
        query: parameters of the query string.
        account: account of the request.
        region: region of the request.
    """

    service: str
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    query: Mapping[str, list[str]]
    account: str
    region: str

    @property
    def prefix(self) -> str:
        """The prefix of the service's actions."""
        return str(_PREFIXES.get(self.service, self.service))

    @cached_property
    def json(self) -> Json:
        """The members of a JSON body; of a large body of data, the first text of each name or ARN."""
        if self.service in DATA and len(self.body) > LARGE:
            found = _MEMBER.findall(self.body)
            return {name.decode(): value.decode("utf-8", "replace") for name, value in reversed(found)}
        try:
            decoded = json.loads(self.body or b"{}")
        except ValueError:
            return {}
        return decoded if isinstance(decoded, dict) else {}

    @cached_property
    def form(self) -> dict[str, str]:
        """The parameters of the query string and of a form in the body."""
        parameters = dict(self.query)
        if "x-www-form-urlencoded" in self.headers.get("content-type", ""):
            parameters |= parse_qs(self.body.decode("utf-8", "replace"), keep_blank_values=True)
        return {name: values[0] if isinstance(values, list) else values for name, values in parameters.items()}

    def parameter(self, *names: str) -> str:
        """Return the first of these parameters that is there, from the JSON body or the form; else an empty text."""
        for parameters in (self.json, self.form) if self.body[:1] == b"{" else (self.form,):
            for name in names:
                value = parameters.get(name)
                if isinstance(value, str) and value:
                    return value
        return ""

    @cached_property
    def action(self) -> str:
        """The action of IAM, such as `glue:GetTable`; empty if the request is none that IAM knows."""
        target = self.headers.get("x-amz-target", "")
        if "." in target:
            action = f"{self.prefix}:{target.rpartition('.')[2]}"
            return _RENAMED.get(action, action)
        if self.service == "s3":
            action = iam_actions._s3_action(self.method, self.path, self.query)
            return f"s3:{action}" if action else ""
        if self.service == "apigateway":
            return f"apigateway:{self.method}"
        if name := self.form.get("Action"):
            return f"{self.prefix}:{name}"
        if self.service == "lakeformation":
            return f"lakeformation:{self.path.strip('/')}"
        if "rpc-v2-cbor" in self.headers.get("smithy-protocol", ""):
            return f"{self.prefix}:{self.path.rpartition('/')[2]}"
        operation = iam_actions._match_rest_action(self.service, self.method, self.path, self.query)
        action = f"{self.prefix}:{operation}" if operation else ""
        return _RENAMED.get(action, action)

    @property
    def operation(self) -> str:
        """The name of the action without its prefix."""
        return self.action.rpartition(":")[2]

    def arn(self, resource: str, *, service: str | None = None) -> str:
        """Return the ARN of a resource in the account and region of the request."""
        return f"arn:aws:{service or self.prefix}:{self.region}:{self.account}:{resource}"
