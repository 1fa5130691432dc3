"""Airflow retries only failures that may be temporary."""

import pytest

from dags.failures import is_same_failure, may_be_temporary


@pytest.mark.parametrize(
    "reason",
    [
        "ClientError: An error occurred (ThrottlingException) when calling the StartJobRun operation: Rate exceeded",
        "ConcurrentRunsExceededException: Concurrent runs exceeded for lakehouse-dev-stage-to-raw",
        "LakehouseError: orders: other writers committed first, 10 commits in a row; nothing was changed",
        "LakehouseError: Athena query 1 FAILED: ICEBERG_COMMIT_ERROR: Failed to commit",
        "ReadTimeoutError: Read timed out.",
        "LakehouseError: curated.dim_date keeps its last published rows: another build changed curated.dim_date",
        "FAILED: Executor lost, the reason is not known",
    ],
)
def test_temporary_failures(reason: str) -> None:
    assert may_be_temporary(reason)


@pytest.mark.parametrize(
    "reason",
    [
        "FAILED: LakehouseError: orders: no contract in force under s3://scripts/contracts/",
        "dbt: 1 of 4 failed\n  test unique_grain: Got 3 results, configured to fail if != 0",
        "ClientError: An error occurred (AccessDeniedException) when calling the GetJobRun operation",
        "Athena query 1 FAILED: COLUMN_NOT_FOUND: line 1:8: Column 'x' cannot be resolved",
        "FAILED: ModuleNotFoundError: No module named 'lakehouse'",
    ],
)
def test_permanent_failures(reason: str) -> None:
    assert not may_be_temporary(reason)


def test_the_same_failure_is_recognised_in_another_run() -> None:
    first = "TIMEOUT: exceeded its timeout of 60 minutes. (Glue job run jr_0a1b)"
    assert is_same_failure(first, first.replace("jr_0a1b", "jr_2c3d"))
    assert (
        is_same_failure(
            "Athena query 9a1b2c3d-0000-1111-2222-333344445555 FAILED", "Athena query 00000000-0000-1111-2222-3 FAILED"
        )
        is False
    )
    refused = (
        "curated.mart keeps its last published rows: Got 2 results; the refused rows are in curated.mart__0a1b2c3d"
    )
    assert is_same_failure(refused, refused.replace("0a1b2c3d", "9f8e7d6c"))
    assert not is_same_failure(first, first.replace("60", "120"))
    assert not is_same_failure(None, first)
