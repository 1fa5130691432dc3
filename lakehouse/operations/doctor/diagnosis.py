"""Make all checks, as the caller and as each role that the caller may take."""

from collections.abc import Iterator

from botocore.exceptions import BotoCoreError, ClientError

from lakehouse.operations.doctor.caller import PURPOSES, Caller, Credentials, take, using
from lakehouse.operations.doctor.check import Deployment, Finding, Result, not_checked, passed, results
from lakehouse.operations.doctor.checks import CHECKS, ROLE


def diagnose(deployment: Deployment, *, caller: Caller, second_factor: Credentials | None = None) -> Iterator[Result]:
    """Yield the results of all checks, first those of the caller, then role by role.

    Args:
        deployment: what is checked.
        caller: who checks.
        second_factor: credentials of the caller that have a second factor, with which roles are taken.
    """
    for check in CHECKS:
        if not check.roles:
            yield from results(check, deployment, role=None)
    for purpose in PURPOSES:
        yield from _as_role(purpose, deployment, caller=caller, second_factor=second_factor)


def _as_role(
    purpose: str, deployment: Deployment, *, caller: Caller, second_factor: Credentials | None
) -> Iterator[Result]:
    try:
        with using(second_factor):
            credentials = take(purpose, names=deployment.names, caller=caller)
    except (ClientError, BotoCoreError) as error:
        yield _of_role(purpose, not_checked(f"role {purpose}", f"may not be taken: {error}"))
        return
    yield _of_role(purpose, passed(f"role {purpose}", "was taken" if credentials else "is the caller's"))
    with using(credentials):
        for check in CHECKS:
            if purpose in check.roles:
                yield from results(check, deployment, role=purpose)


def _of_role(purpose: str, finding: Finding) -> Result:
    return Result(check=ROLE, role=purpose, finding=finding)
