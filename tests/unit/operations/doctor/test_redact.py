"""Nothing that identifies an account, a person or a key is in a report, whatever AWS says in its messages."""

import os
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakehouse.operations.doctor.check import Check, Finding, Outcome, Result
from lakehouse.operations.doctor.redact import redacted
from lakehouse.operations.doctor.report import markdown

ACCOUNT = "210987654321"
NAMES = st.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+=,.@_-", min_size=1, max_size=64)
KEYS = st.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/=", min_size=16, max_size=60)
ACCOUNTS = st.from_regex(r"\d{12}", fullmatch=True)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (f"arn:aws:iam::{ACCOUNT}:user/jane.doe is not authorized", "arn:aws:iam::***:user/*** is not authorized"),
        (f"arn:aws:iam::{ACCOUNT}:user/team/jane", "arn:aws:iam::***:user/***"),
        (f"arn:aws:sts::{ACCOUNT}:assumed-role/lakehouse-dev/jane", "arn:aws:sts::***:assumed-role/***"),
        (f"arn:aws:iam::{ACCOUNT}:mfa/jane-phone", "arn:aws:iam::***:mfa/***"),
        (f"lakehouse-dev-raw-{ACCOUNT}-eu-central-1", "lakehouse-dev-raw-***-eu-central-1"),
        ("account 2109-8765-4321", "account ***"),
        ("key 1234abcd-12ab-34cd-56ef-1234567890ab", "key ***"),
        ("AKIAIOSFODNN7EXAMPLE and ASIAIOSFODNN7EXAMPLE", "*** and ***"),
        ("AROAIOSFODNN7EXAMPLE:jane", "***:jane"),
        ("mail to jane.doe+aws@mail.example.com", "mail to ***"),
        ("10 runs of 2,000, HTTP 403, eu-central-1", "10 runs of 2,000, HTTP 403, eu-central-1"),
    ],
)
def test_what_identifies_somebody_is_masked(text: str, left: str) -> None:
    assert redacted(text) == left


def test_a_secret_within_another_is_masked_with_it() -> None:
    assert redacted("jane, jane.doe, JANE", ["jane", "jane.doe"]) == "***, ***, ***"


@settings(max_examples=int(os.environ.get("EXAMPLES", "40")))
@given(texts=st.lists(st.text(max_size=40), max_size=6), secrets=st.lists(NAMES | KEYS, max_size=4), data=st.data())
def test_no_secret_and_no_account_survives(texts: list[str], secrets: list[str], data: st.DataObject) -> None:
    parts = [*texts, *secrets, data.draw(ACCOUNTS), data.draw(ACCOUNTS)]
    glue = data.draw(st.sampled_from(["", " ", ":", "/", "-", "|", "*", "\n", "%3A", "\\"]))
    text = glue.join(data.draw(st.permutations(parts)))
    check = Check(name="check", run=lambda _: (), remedy="Do it", source="https://docs.aws.amazon.com")
    outcome = data.draw(st.sampled_from(Outcome))
    result = Result(check=check, role="operator", finding=Finding(subject=text, outcome=outcome, detail=text))
    report = markdown([result], environment="dev", region="eu-central-1", version="1", secrets=secrets)
    assert not re.search(r"\d{12}", report)
    assert not [secret for secret in secrets if secret.lower() in report.lower()]
    assert redacted(report, secrets) == report


@settings(max_examples=40)
@given(text=st.text(max_size=200))
def test_no_text_leaves_its_cell(text: str) -> None:
    check = Check(name="check", run=lambda _: (), remedy="Do it", source="https://docs.aws.amazon.com")
    finding = Finding(subject="subject", outcome=Outcome.FAILED, detail=text)
    result = Result(check=check, role=None, finding=finding)
    report = markdown([result], environment="dev", region="eu-central-1", version="1", secrets=())
    [row] = [line for line in report.split("\n") if line.startswith("| check | caller")]
    assert len(re.findall(r"(?<!\\)(?:\\\\)*\|", row)) == 6
    assert "<" not in row.replace("\\<", "")
