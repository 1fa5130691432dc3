from datetime import date
from typing import Any

import pytest

from emulator.replicator import settings
from emulator.replicator.settings import SettingsError, Target
from emulator.replicator.target import Bucket, load_key


def target(**s3: Any) -> Target:
    given = {"BucketName": "stage", "DataFormat": "parquet", **s3}
    return settings.target({"EngineName": "s3", "S3Settings": given})


def test_full_load_files_are_counted_in_hexadecimal() -> None:
    assert load_key("public", "orders", 1) == "public/orders/LOAD00000001.parquet"
    assert load_key("public", "orders", 27) == "public/orders/LOAD0000001B.parquet"


def test_change_files_stand_in_the_folder_of_their_commit_and_get_ever_later_names(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    bucket = Bucket(target(DatePartitionEnabled="true"))
    keys = [bucket.change_key("public", "orders", committed=date(2026, 2, 28)) for _ in range(50)]
    assert all(key.startswith("public/orders/2026/02/28/2") and len(key.rpartition("/")[2]) == 26 for key in keys)
    assert keys == sorted(set(keys))


def test_defaults_are_those_of_dms() -> None:
    found = target()
    assert (found.operation_in_full_load, found.date_folders, found.timestamp_column) == (False, False, None)
    assert (found.batch_interval_s, found.max_file_bytes) == (60, 2**30)


@pytest.mark.parametrize(
    ("endpoint", "message"),
    [
        ({"EngineName": "mysql"}, "EngineName mysql"),
        ({"EngineName": "postgres"}, "needs SecretsManagerSecretId, or ServerName"),
        ({"EngineName": "postgres", "ServerName": "h", "SslMode": "verify-full"}, "SslMode verify-full"),
        ({"EngineName": "postgres", "ServerName": "h", "PostgreSQLSettings": {"SlotName": "s"}}, "SlotName"),
    ],
)
def test_a_source_that_cannot_be_read_says_why(endpoint: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        settings.source(endpoint)


def test_settings_of_the_engine_win_over_those_of_the_endpoint() -> None:
    found = settings.source(
        {
            "EngineName": "aurora-postgresql",
            "ServerName": "old",
            "DatabaseName": "shop",
            "SslMode": "require",
            "PostgreSQLSettings": {"ServerName": "new", "Port": "5433", "MapBooleanAsBoolean": "true"},
        }
    )
    assert (found.host, found.port, found.database) == ("new", 5433, "shop")
    assert found.encrypted
    assert found.booleans
