"""Changes of Lake Formation that meet another change are made again, all others fail at once."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from lakehouse.engine import waiting
from lakehouse.errors import LakehouseError
from lakehouse.governance import default_database
from lakehouse.governance.conflicts import CONFLICT, retried
from lakehouse.tables.diff import Action


def refusal(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": code}}, "AddLFTagsToResource")


@pytest.fixture(autouse=True, scope="module")
def clock() -> Iterator[None]:
    """Time that passes only in pauses."""
    now = [0.0]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(waiting.time, "sleep", lambda seconds: now.__setitem__(0, now[0] + seconds))
        patch.setattr(waiting.time, "monotonic", lambda: now[0])
        yield


@given(conflicts=st.integers(0, 20))
def test_a_change_is_made_again_until_no_other_is_in_its_way(conflicts: int) -> None:
    answers: list[Any] = [*[refusal(CONFLICT)] * conflicts, {}]
    made = []

    def change() -> Any:
        made.append(1)
        answer = answers[len(made) - 1]
        if isinstance(answer, Exception):
            raise answer
        return answer

    assert retried(change, subject="table") == {}
    assert len(made) == conflicts + 1


@pytest.mark.parametrize("code", ["AccessDeniedException", "EntityNotFoundException", "InvalidInputException"])
def test_another_refusal_is_raised_at_once(code: str) -> None:
    made = []

    def change() -> None:
        made.append(1)
        raise refusal(code)

    with pytest.raises(ClientError, match=code):
        retried(change, subject="table")
    assert made == [1]


def test_conflicts_without_end_are_an_error_that_names_the_table() -> None:
    def change() -> None:
        raise refusal(CONFLICT)

    with pytest.raises(LakehouseError, match=r"lakehouse_dev_raw\.orders.*ConcurrentModificationException"):
        retried(change, subject="lakehouse_dev_raw.orders")


class Account:
    """Glue and Lake Formation of an account, as far as the database `default` is concerned.

    Args:
        exists: whether the database exists; None if Lake Formation hides it.
        refuses: codes of the errors of calls, by the name of the call; a code is raised once if it is the conflict.
        open_to_all: whether every principal that IAM allows sees the database.
    """

    def __init__(
        self, *, exists: bool | None, refuses: dict[str, str] | None = None, open_to_all: bool = False
    ) -> None:
        self.exists, self.refuses, self.open_to_all = exists, refuses or {}, open_to_all
        self.tagged = False

    def _check(self, call: str) -> None:
        code = self.refuses.get(call)
        if code == CONFLICT:
            del self.refuses[call]
        if code:
            raise refusal(code)

    def get_database(self, **_: Any) -> None:
        if self.exists is not True:
            raise refusal("AccessDeniedException" if self.exists is None else "EntityNotFoundException")

    def create_database(self, **_: Any) -> None:
        self._check("create_database")
        self.exists = True

    def add_lf_tags_to_resource(self, **request: Any) -> dict[str, Any]:
        self._check("add_lf_tags_to_resource")
        assert request["LFTags"] == [{"TagKey": "zone", "TagValues": ["default"]}]
        self.tagged = True
        return {}

    def get_resource_lf_tags(self, **_: Any) -> dict[str, Any]:
        return {"LFTagOnDatabase": [{"TagKey": "zone", "TagValues": ["default"]}] if self.tagged else []}

    def list_permissions(self, **_: Any) -> dict[str, Any]:
        everyone = {"Principal": {"DataLakePrincipalIdentifier": "IAM_ALLOWED_PRINCIPALS"}}
        return {"PrincipalResourcePermissions": [everyone] if self.open_to_all else []}


@pytest.mark.parametrize(
    ("account", "made", "tagged"),
    [
        (Account(exists=False), [Action.GOVERN, Action.GOVERN], True),
        (Account(exists=True), [Action.GOVERN], True),
        (Account(exists=True, open_to_all=True), [], False),
        (Account(exists=None), [Action.WAIT], False),
        (Account(exists=False, refuses={"create_database": "AccessDeniedException"}), [Action.WAIT], False),
        (Account(exists=True, refuses={"add_lf_tags_to_resource": "AccessDeniedException"}), [Action.WAIT], False),
        (Account(exists=True, refuses={"add_lf_tags_to_resource": CONFLICT}), [Action.GOVERN], True),
        (Account(exists=False, refuses={"create_database": "AlreadyExistsException"}), [Action.GOVERN] * 2, True),
    ],
    ids=["absent", "hidden", "open", "of others", "not to create", "not to tag", "conflict", "created meanwhile"],
)
def test_the_account_gets_a_database_default_that_the_roles_see(account: Any, made: list[Action], tagged: bool) -> None:
    assert [change.action for change in default_database.apply(account, account)] == made
    assert account.tagged is tagged
    if tagged and account.exists:
        assert default_database.apply(account, account) == []
        assert default_database.plan(account, account) == []


def test_a_plan_changes_nothing() -> None:
    account: Any = Account(exists=False)
    assert [change.action for change in default_database.plan(account, account)] == [Action.GOVERN, Action.GOVERN]
    assert (account.exists, account.tagged) == (False, False)
