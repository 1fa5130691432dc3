import boto3
import pytest

from lakehouse.engine import role_arns
from lakehouse.names import Names


@pytest.mark.parametrize(
    ("region", "partition"), [("eu-central-1", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")]
)
def test_a_role_is_in_the_partition_of_its_region(region: str, partition: str) -> None:
    names = Names(environment="dev", account="000000000000", region=region)
    assert role_arns.role_arn("tables", names=names) == f"arn:{partition}:iam::000000000000:role/tables"


def test_the_partition_is_found_once(monkeypatch: pytest.MonkeyPatch, names: Names) -> None:
    """botocore parses its file of endpoints for each session: a thousand tables would take minutes."""
    sessions: list[boto3.Session] = []

    def session() -> boto3.Session:
        sessions.append(boto3.session.Session())
        return sessions[-1]

    monkeypatch.setattr(role_arns.boto3, "Session", session)
    role_arns._partition.cache_clear()
    assert len({role_arns.role_arn(f"role{number}", names=names) for number in range(9)}) == 9
    assert len(sessions) == 1
