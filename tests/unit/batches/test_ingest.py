"""Ingest: files arrive where the source would put them, all of a delivery or none."""

from datetime import UTC, datetime
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from lakehouse.batches.ingest import upload
from lakehouse.errors import LakehouseError
from lakehouse.names import Names, Zone
from tests.support.till_contract import TILL

NAMES = Names(environment="dev", account="123456789012", region="us-east-1")
AT = datetime(2026, 3, 4, 5, 6, 7, 8, tzinfo=UTC)


def test_a_delivery_has_a_folder_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a")
    (tmp_path / "b.csv").write_text("b")
    with mock_aws():
        s3 = boto3.client("s3", region_name=NAMES.region)
        for zone in (Zone.STAGE, Zone.RAW):
            s3.create_bucket(Bucket=NAMES.bucket(zone))
        uris = upload(s3, [tmp_path / "a.csv", tmp_path / "b.csv"], names=NAMES, contract=TILL, arrived_at=AT)
        found = s3.list_objects_v2(Bucket=NAMES.bucket(Zone.STAGE))["Contents"]
    assert [item["Key"] for item in found] == [
        "sales/till/2026/03/04/050607000008/a.csv",
        "sales/till/2026/03/04/050607000008/b.csv",
    ]
    assert uris == [f"s3://lakehouse-dev-stage-123456789012-us-east-1/{item['Key']}" for item in found]


@pytest.mark.parametrize("wrong", ["missing.csv", "folder"])
def test_nothing_is_uploaded_when_a_file_is_wrong(tmp_path: Path, wrong: str) -> None:
    (tmp_path / "a.csv").write_text("a")
    (tmp_path / "folder").mkdir()
    with mock_aws():
        s3 = boto3.client("s3", region_name=NAMES.region)
        s3.create_bucket(Bucket=NAMES.bucket(Zone.STAGE))
        with pytest.raises(LakehouseError, match=f"till: .*{wrong} is not a file; nothing was ingested"):
            upload(s3, [tmp_path / "a.csv", tmp_path / wrong], names=NAMES, contract=TILL, arrived_at=AT)
        assert "Contents" not in s3.list_objects_v2(Bucket=NAMES.bucket(Zone.STAGE))


def test_two_files_of_one_name_are_refused(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.csv").write_text(folder)
    with pytest.raises(LakehouseError, match="same name"):
        upload(
            boto3.client("s3", region_name=NAMES.region),
            [tmp_path / "one" / "a.csv", tmp_path / "two" / "a.csv"],
            names=NAMES,
            contract=TILL,
            arrived_at=AT,
        )
