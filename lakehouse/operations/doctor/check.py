"""One check of a deployment, what it finds, and how an error of AWS counts."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any, TypeVar

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from lakehouse.contracts.model import Contract
from lakehouse.errors import LakehouseError
from lakehouse.names import Names

_VARIABLES = ("AWS_ACCESS_KEY_ID", "AWS_SESSION_TOKEN", "AWS_REGION", "AWS_ENDPOINT_URL", "AWS_PROFILE")
"""Variables that decide whose client it is, and of what."""
_CONFIG = Config(connect_timeout=5, read_timeout=30, retries={"mode": "standard", "total_max_attempts": 3})

Subject = TypeVar("Subject")


class Outcome(StrEnum):
    """Result of one check of one subject."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_CHECKED = "not checked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """What is checked.

    Attributes:
        names: names of the deployment.
        contracts: its datasets.
    """

    names: Names
    contracts: Sequence[Contract]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a check found about one subject.

    Attributes:
        subject: the part of the deployment.
        outcome: whether it is as it must be.
        detail: what was found; for people.
        is_error: whether the subject could not be asked; it depends on the check what that means.
    """

    subject: str
    outcome: Outcome
    detail: str = ""
    is_error: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A check.

    Attributes:
        name: short name, unique.
        run: yields what it finds.
        remedy: what to do if it fails, or to have it checked.
        source: address of the documentation of AWS that the check follows.
        roles: purposes of the roles under which it is run; empty: under the credentials of the caller.
        must_work: whether an error, such as a denial, is a failure: the role is there for this call. Otherwise the
            caller may have fewer permissions than the check needs.
    """

    name: str
    run: Callable[[Deployment], Iterable[Finding]]
    remedy: str
    source: str
    roles: tuple[str, ...] = ()
    must_work: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """A finding with the check and the role that made it.

    Attributes:
        role: purpose of the role; None for the caller.
    """

    check: Check
    role: str | None
    finding: Finding

    @property
    def outcome(self) -> Outcome:
        """The outcome, in which an error has its meaning."""
        if self.finding.is_error and self.check.must_work:
            return Outcome.FAILED
        return self.finding.outcome


def client(service: str) -> Any:
    """Return a client of the current credentials that gives up soon."""
    return _client(service, tuple(os.environ.get(name) for name in _VARIABLES))


@cache  # to make a client takes longer than most calls
def _client(service: str, variables: tuple[str | None, ...]) -> Any:
    create: Any = boto3.client  # the types of most of these services are not installed
    return create(service, config=_CONFIG)


def passed(subject: str, detail: str = "") -> Finding:
    """Return that a subject is as it must be."""
    return Finding(subject=subject, outcome=Outcome.PASSED, detail=detail)


def failed(subject: str, detail: str) -> Finding:
    """Return that a subject is not as it must be."""
    return Finding(subject=subject, outcome=Outcome.FAILED, detail=detail)


def not_checked(subject: str, detail: str) -> Finding:
    """Return that nothing can be said about a subject yet."""
    return Finding(subject=subject, outcome=Outcome.NOT_CHECKED, detail=detail)


def passed_if(condition: bool, subject: str, detail: str) -> Finding:
    """Return that a subject is as it must be if a condition holds."""
    return passed(subject, detail) if condition else failed(subject, detail)


def each(subjects: Iterable[Subject], ask: Callable[[Subject], Finding]) -> Iterator[Finding]:
    """Yield what a check finds about each of its subjects; an error of one does not stop the others."""
    for subject in subjects:
        try:
            yield ask(subject)
        except Exception as error:
            yield of_error(str(subject), error)


def of_error(subject: str, error: Exception) -> Finding:
    """Return what an error says: that the subject could not be asked."""
    detail = str(error) if isinstance(error, ClientError | LakehouseError) else f"{type(error).__name__}: {error}"
    return Finding(subject=subject, outcome=Outcome.NOT_CHECKED, detail=detail, is_error=True)


def is_missing(error: ClientError) -> bool:
    """Return whether AWS says that a resource does not exist."""
    code = error.response["Error"]["Code"]
    return "NotFound" in code or "NonExistent" in code or code.startswith("NoSuch") or code == "404"


def results(check: Check, deployment: Deployment, *, role: str | None) -> Iterator[Result]:
    """Yield what a check finds with the current credentials; no error leaves it.

    Args:
        check: the check.
        deployment: what is checked.
        role: purpose of the role whose credentials are current; None for the caller.
    """
    try:
        for finding in check.run(deployment):
            yield Result(check=check, role=role, finding=finding)
    except Exception as error:
        yield Result(check=check, role=role, finding=of_error(check.name, error))
