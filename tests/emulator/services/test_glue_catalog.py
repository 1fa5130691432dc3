"""The Glue catalog of the emulator: the optimistic lock that Iceberg commits rest on."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
import pyarrow as pa
import pytest
from botocore.exceptions import ClientError
from pyiceberg.exceptions import CommitFailedException

from emulator.runtime import server_lifecycle
from tests.support.emulator import glue_catalog

BUCKET = "warehouse"
DATABASE = "lock"


@pytest.fixture(scope="module")
def glue(aws: server_lifecycle.Server) -> Any:
    client = boto3.client("glue")
    client.create_database(DatabaseInput={"Name": DATABASE})
    boto3.client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": aws.region})
    return client


def test_a_stale_version_is_refused(glue: Any) -> None:
    glue.create_table(DatabaseName=DATABASE, TableInput={"Name": "T", "Parameters": {"at": "0"}})
    read = glue.get_table(DatabaseName=DATABASE, Name="t")["Table"]["VersionId"]
    glue.update_table(DatabaseName=DATABASE, TableInput={"Name": "t", "Parameters": {"at": "1"}}, VersionId=read)
    with pytest.raises(ClientError) as refused:
        glue.update_table(DatabaseName=DATABASE, TableInput={"Name": "t", "Parameters": {"at": "2"}}, VersionId=read)
    assert refused.value.response["Error"]["Code"] == "ConcurrentModificationException"
    assert glue.get_table(DatabaseName=DATABASE, Name="t")["Table"]["Parameters"] == {"at": "1"}


def test_versions_are_archived_unless_the_update_skips_it(glue: Any) -> None:
    glue.create_table(DatabaseName=DATABASE, TableInput={"Name": "v", "Description": "0"})
    for number, skip in ((1, False), (2, True), (3, False)):
        glue.update_table(DatabaseName=DATABASE, TableInput={"Name": "v", "Description": str(number)}, SkipArchive=skip)
    versions = glue.get_table_versions(DatabaseName=DATABASE, TableName="v")["TableVersions"]
    assert [version["Table"]["Description"] for version in versions] == ["3", "2", "0"]
    assert [version["VersionId"] for version in versions] == ["3", "2", "0"]


def test_concurrent_iceberg_commits_lose_nothing(glue: Any) -> None:
    rows = pa.table({"id": pa.array([0], pa.int64())})
    glue_catalog.load().create_table(f"{DATABASE}.commits", schema=rows.schema, location=f"s3://{BUCKET}/commits")

    def append(number: int) -> int:
        for refused in range(50):
            table = glue_catalog.load().load_table(f"{DATABASE}.commits")
            try:
                table.append(pa.table({"id": pa.array([number], pa.int64())}))
            except CommitFailedException:
                continue
            return refused
        raise AssertionError(f"commit {number} was refused 50 times")

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(append, range(6)))
    found = glue_catalog.load().load_table(f"{DATABASE}.commits").scan().to_arrow()["id"].to_pylist()
    assert sorted(found) == list(range(6))


def test_listings_come_in_pages(glue: Any) -> None:
    for number in range(3):
        glue.create_table(DatabaseName=DATABASE, TableInput={"Name": f"page_{number}"})
    pages = glue.get_paginator("get_tables").paginate(
        DatabaseName=DATABASE, Expression="page_.*", PaginationConfig={"PageSize": 2}
    )
    names = [[table["Name"] for table in page["TableList"]] for page in pages]
    assert names == [["page_0", "page_1"], ["page_2"]]


def test_optimizers_are_recorded_and_go_with_their_table(glue: Any) -> None:
    table = {"CatalogId": "000000000000", "DatabaseName": DATABASE, "TableName": "kept"}
    glue.create_table(DatabaseName=DATABASE, TableInput={"Name": "kept"})
    configuration = {"roleArn": "arn:aws:iam::000000000000:role/optimizer", "enabled": True}
    glue.create_table_optimizer(**table, Type="retention", TableOptimizerConfiguration=configuration)
    with pytest.raises(glue.exceptions.AlreadyExistsException):
        glue.create_table_optimizer(**table, Type="retention", TableOptimizerConfiguration=configuration)
    given = {"icebergConfiguration": {"snapshotRetentionPeriodInDays": 7}}
    glue.update_table_optimizer(
        **table, Type="retention", TableOptimizerConfiguration=configuration | {"retentionConfiguration": given}
    )
    found = glue.get_table_optimizer(**table, Type="retention")["TableOptimizer"]["configuration"]
    assert found["retentionConfiguration"]["icebergConfiguration"] == {
        "snapshotRetentionPeriodInDays": 7,
        "numberOfSnapshotsToRetain": 1,
        "cleanExpiredFiles": True,
        "runRateInHours": 24,
    }
    assert glue.list_table_optimizer_runs(**table, Type="retention")["TableOptimizerRuns"] == []

    entry = {"catalogId": "000000000000", "databaseName": DATABASE, "tableName": "kept"}
    entries = [{**entry, "type": type_} for type_ in ("retention", "compaction")]
    answer = glue.batch_get_table_optimizer(Entries=entries)
    assert [item["tableOptimizer"]["type"] for item in answer["TableOptimizers"]] == ["retention"]
    assert [failure["error"]["ErrorCode"] for failure in answer["Failures"]] == ["EntityNotFoundException"]

    glue.delete_table(DatabaseName=DATABASE, Name="kept")
    glue.create_table(DatabaseName=DATABASE, TableInput={"Name": "kept"})
    assert glue.batch_get_table_optimizer(Entries=entries)["TableOptimizers"] == []


def test_rulesets_are_kept_changed_and_listed_by_their_table(glue: Any) -> None:
    target = {"DatabaseName": DATABASE, "TableName": "still_to_be_made"}
    glue.create_data_quality_ruleset(Name="mine", Ruleset="Rules = [ RowCount > 0 ]", TargetTable=target)
    glue.update_data_quality_ruleset(Name="mine", Description="more", Ruleset="Rules = [ RowCount > 1 ]")

    kept = glue.get_data_quality_ruleset(Name="mine")
    assert (kept["Ruleset"], kept["Description"], kept["TargetTable"]) == ("Rules = [ RowCount > 1 ]", "more", target)
    [listed] = glue.list_data_quality_rulesets(Filter={"TargetTable": target})["Rulesets"]
    assert listed["Name"] == "mine"

    glue.delete_data_quality_ruleset(Name="mine")
    with pytest.raises(ClientError) as gone:
        glue.get_data_quality_ruleset(Name="mine")
    assert gone.value.response["Error"]["Code"] == "EntityNotFoundException"


def test_what_is_no_ruleset_is_refused(glue: Any) -> None:
    with pytest.raises(ClientError, match="begins with Rules"):
        glue.create_data_quality_ruleset(Name="wrong", Ruleset="RowCount > 0")
