"""The index of the contracts: what functions know of the datasets is what was published last."""

from typing import TYPE_CHECKING

from lakehouse.contracts import index
from lakehouse.contracts.loader import load_contracts
from lakehouse.contracts.published import publish
from lakehouse.names import Names
from tests.support.repository import CONTRACTS
from tests.support.scale.calls import counted

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def test_it_has_the_datasets_that_were_published_last(s3: "S3Client", names: Names) -> None:
    place = {"LocationConstraint": names.region}
    s3.create_bucket(Bucket=names.scripts_bucket, CreateBucketConfiguration=place)  # type: ignore[arg-type]
    contracts = load_contracts(CONTRACTS)
    assert index.read(s3, names=names) == []  # nothing was published yet
    for published in (contracts, contracts[1:]):
        publish(published, names=names)
        assert index.read(s3, names=names) == [index.entry(contract) for contract in published]
    with counted() as calls:
        publish(contracts[1:], names=names)
    assert "PutObject" not in calls  # publishing again writes nothing
