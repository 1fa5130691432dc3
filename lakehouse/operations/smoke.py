"""Does what was deployed answer? Asked after each deployment; reads, and changes nothing."""

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
    """One question and its answer.

    Args:
        what: what was asked for.
        violation: what is wrong and what to do; None where it is right.
    """

    what: str
    violation: str | None = None


def checks(contracts: Sequence[Contract], *, names: Names) -> Iterator[Check]:
    """Ask for every job, the contracts in force, and an answer of Athena.

    Args:
        contracts: those that should be in force.
        names: names of the deployment.
    """
    glue = boto3.client("glue")
    for move in Move:
        what = f"job {names.job(move)}"
        try:
            glue.get_job(JobName=names.job(move))
            yield Check(what=what)
        except ClientError as error:
            yield Check(what=what, violation=f"{error}; `cdk deploy --all` makes it")
    waiting = not_active(contracts, names=names)
    yield Check(
        what=f"{len(contracts)} contracts in force",
        violation=f"{', '.join(waiting)} differ from {names.contracts_uri}; `lakehouse tables apply` puts them in force"
        if waiting
        else None,
    )
    yield _answer(names)


def _answer(names: Names) -> Check:
    what = f"Athena in workgroup {names.workgroup}"
    try:
        result = query(boto3.client("athena"), "select 1", names=names)
    except (ClientError, LakehouseError) as error:
        return Check(what=what, violation=str(error))
    rows = list(result.rows)
    return Check(what=what, violation=None if rows == [("1",)] else f"`select 1` gave {rows}")
