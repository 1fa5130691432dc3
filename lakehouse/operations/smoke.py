"""Check after a deployment that its jobs, contracts and queries work; nothing is changed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import boto3
from botocore.exceptions import ClientError

from lakehouse.contracts.model import Contract
from lakehouse.contracts.published import not_active
from lakehouse.engine.athena import query
from lakehouse.errors import LakehouseError
from lakehouse.names import Move, Names


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """The result of one check.

    Attributes:
        subject: the part of the deployment that was checked.
        problem: what is wrong and what to do; None if the check passed.
    """

    subject: str
    problem: str | None = None

    @property
    def ok(self) -> bool:
        """Whether the check passed."""
        return self.problem is None


def checks(contracts: Sequence[Contract], *, names: Names) -> Iterator[Check]:
    """Yield the checks of all jobs, of the active contracts, and of Athena.

    Args:
        contracts: the contracts that should be active.
        names: names of the deployment.
    """
    glue = boto3.client("glue")
    for move in Move:
        subject = f"job {names.job(move)}"
        try:
            glue.get_job(JobName=names.job(move))
            yield Check(subject=subject)
        except ClientError as error:
            yield Check(subject=subject, problem=f"{error}; `cdk deploy --all` creates the job")
    yield _contracts_check(contracts, names)
    yield _athena_check(names)


def _contracts_check(contracts: Sequence[Contract], names: Names) -> Check:
    subject = f"{len(contracts)} contracts active"
    try:
        inactive = not_active(contracts, names=names)
    except ClientError as error:  # the bucket does not exist, or the caller may not read it
        return Check(subject=subject, problem=str(error))
    return Check(
        subject=subject,
        problem=f"{', '.join(inactive)} differ from the contracts here; `lakehouse tables apply` publishes them"
        if inactive
        else None,
    )


def _athena_check(names: Names) -> Check:
    subject = f"Athena in workgroup {names.workgroup}"
    try:
        result = query(boto3.client("athena"), "select 1", names=names)
    except (ClientError, LakehouseError) as error:
        return Check(subject=subject, problem=str(error))
    rows = list(result.rows)
    return Check(subject=subject, problem=None if rows == [("1",)] else f"`select 1` returned {rows}, expected 1")
