"""Who has an access key: root, users, sessions; and keys and tokens that nobody has."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from ministack.services import iam, sts  # type: ignore[import-untyped]

from emulator.runtime import credentials, principals
from emulator.runtime.principals import of_access_key
from emulator.runtime.responses import AwsError

ACCOUNT = "123456789012"


@pytest.fixture(autouse=True)
def _nobody() -> Iterator[None]:
    stores = (sts._sessions, iam._users._data, iam._roles._data, iam._access_keys._data)
    before = [dict(store) for store in stores]
    yield
    for store, content in zip(stores, before, strict=True):
        store.clear()
        store.update(content)


def session(**members: Any) -> None:
    arn = f"arn:aws:sts::{ACCOUNT}:assumed-role/reader/me"
    sts._sessions["ASIA1"] = {"Arn": arn, "SecretAccessKey": "s", "SessionToken": "t", "AccountId": ACCOUNT} | members


def key(status: str) -> None:
    iam._users.set_scoped(ACCOUNT, None, "ann", {"Arn": f"arn:aws:iam::{ACCOUNT}:user/team/ann"})
    iam._access_keys.set_scoped(ACCOUNT, None, "AKIA1", {"UserName": "ann", "Status": status})


def problem(access_key: str, token: str | None) -> str:
    with pytest.raises(AwsError) as error:
        of_access_key(access_key, token=token)
    return error.value.code


def test_an_account_number_is_root() -> None:
    found = of_access_key(ACCOUNT, token=None)
    assert (found.kind, found.arn) == ("root", f"arn:aws:iam::{ACCOUNT}:root")


def test_no_key_is_nobody() -> None:
    assert of_access_key("", token=None).kind == "anonymous"


def test_a_key_of_a_user() -> None:
    key("Active")
    found = of_access_key("AKIA1", token=None)
    assert (found.kind, found.arn, found.account) == ("user", f"arn:aws:iam::{ACCOUNT}:user/team/ann", ACCOUNT)
    assert problem("AKIA1", "token") == "UnrecognizedClientException"


def test_a_key_that_is_not_active() -> None:
    key("Inactive")
    assert problem("AKIA1", None) == "UnrecognizedClientException"


def test_a_session_has_the_role_with_its_path() -> None:
    role = f"arn:aws:iam::{ACCOUNT}:role/team/reader"
    iam._roles.set_scoped(ACCOUNT, None, "reader", {"Arn": role})
    session()
    found = of_access_key("ASIA1", token="t")  # noqa: S106
    assert (found.kind, found.role, found.name) == ("role", role, "reader")


@pytest.mark.parametrize("token", [None, "", "other"])
def test_a_session_needs_its_token(token: str | None) -> None:
    session()
    assert problem("ASIA1", token) == "UnrecognizedClientException"


def test_a_session_expires() -> None:
    session(Expiration=time.time() - 1)
    assert problem("ASIA1", "t") == "ExpiredTokenException"
    session(Expiration=time.time() + 60)
    assert of_access_key("ASIA1", token="t").kind == "role"  # noqa: S106


def test_an_unknown_key() -> None:
    assert problem("AKIAIOSFODNN7EXAMPLE", None) == "UnrecognizedClientException"


def test_a_service_acts_in_a_session_of_the_role_that_a_resource_names() -> None:
    role = f"arn:aws:iam::{ACCOUNT}:role/team/mover"
    issued = credentials.credentials_of(role, "GlueJobRunnerSession")
    found = of_access_key(issued.access_key, token=issued.token)
    assert found.arn == f"arn:aws:sts::{ACCOUNT}:assumed-role/mover/GlueJobRunnerSession"
    assert found.role == role
    assert credentials.credentials_of(role, "GlueJobRunnerSession") == issued
    assert credentials.of_principal(found) == issued


def test_a_service_that_calls_for_a_caller_is_that_caller() -> None:
    key("Active")
    ann = of_access_key("AKIA1", token=None)
    issued = credentials.forwarded(ann, "athena.amazonaws.com")
    found = of_access_key(issued.access_key, token=issued.token)
    assert (found.kind, found.arn, found.session["Via"]) == ("user", ann.arn, "athena.amazonaws.com")
    assert credentials.forwarded(principals.root(ACCOUNT), "athena.amazonaws.com") == credentials.of_root(ACCOUNT)
