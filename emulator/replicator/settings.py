"""Endpoint settings: the connection to the source, and the format of files in S3.

Source: AWS DMS API reference, `PostgreSQLSettings` and `S3Settings`; the defaults are those of DMS. AWS DMS user guide,
"Using Amazon S3 as a target", "Replicating source table headers using expressions".
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

OPERATION = "Op"
INSERT, UPDATE, DELETE = "I", "U", "D"
CHANGE_SEQUENCE_EXPRESSION = "$AR_H_CHANGE_SEQ"
"""The expression of a column that grows with every change; the column is null for rows of the full load."""

KILOBYTE = 1024


class SettingsError(ValueError):
    """A setting that DMS would refuse, or that the replicator does not support; the message names it."""


SECRET_CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "DMS_SECRET_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY": "DMS_SECRET_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN": "DMS_SECRET_SESSION_TOKEN",
}
"""For each variable of AWS SDKs: the variable with the value for the secret."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A PostgreSQL database.

    Attributes:
        database: name of the database.
        secret_id: secret in Secrets Manager; its values take precedence over the other settings.
        host: host of the server.
        port: port of the server.
        user: name of the user.
        password: password of the user.
        encrypted: whether the connection must use TLS.
        booleans: whether booleans are written as booleans; the default of DMS is the text `true` or `false`.
    """

    database: str | None
    secret_id: str | None = None
    host: str | None = None
    port: int = 5432
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    encrypted: bool = False
    booleans: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A folder of an S3 bucket and the format of its files.

    Attributes:
        bucket: name of the bucket.
        folder: prefix of all keys, without slashes at its ends.
        operation_in_full_load: whether files of a full load have the column `Op`.
        timestamp_column: name of the timestamp column; None for none.
        date_folders: whether files of changes are in a folder for each day.
        batch_interval_s: maximum time between files of changes, in seconds.
        min_file_bytes: size at which changes are written before that time.
        max_file_bytes: maximum size of a file.
        gzip: whether Parquet is compressed.
        kms_key: key that encrypts the files; None for the bucket's default.
    """

    bucket: str
    folder: str
    operation_in_full_load: bool
    timestamp_column: str | None
    date_folders: bool
    batch_interval_s: int
    min_file_bytes: int
    max_file_bytes: int
    gzip: bool
    kms_key: str | None


# Settings that would change records or keys and are not supported: refused unless they have the default of DMS.
_DEFAULT_ONLY: dict[str, Any] = {
    "CdcInsertsOnly": False,
    "CdcInsertsAndUpdates": False,
    "CdcPath": "",
    "DatePartitionDelimiter": "SLASH",
    "DatePartitionSequence": "YYYYMMDD",
    "DatePartitionTimezone": "",
    "ParquetTimestampInMillisecond": False,
    "PreserveTransactions": False,
    "UseTaskStartTimeForFullLoadTimestamp": False,
}


def source(endpoint: Mapping[str, Any]) -> Source:
    """Read a source endpoint.

    Args:
        endpoint: members of `CreateEndpoint`; `PostgreSQLSettings` take precedence over the others.

    Raises:
        SettingsError: the engine is not PostgreSQL, or the host of the database is missing.
    """
    if endpoint.get("EngineName") not in ("postgres", "aurora-postgresql"):
        raise SettingsError(f"EngineName {endpoint.get('EngineName')}: the emulator reads PostgreSQL only")
    if endpoint.get("SslMode", "none") not in ("none", "require"):
        raise SettingsError(f"SslMode {endpoint['SslMode']}: the emulator supports none and require")
    settings = {**endpoint, **endpoint.get("PostgreSQLSettings", {})}
    if settings.get("SlotName"):
        raise SettingsError("SlotName: the emulator creates its own replication slot, named after the task")
    database = Source(
        database=settings.get("DatabaseName"),
        secret_id=settings.get("SecretsManagerSecretId"),
        host=settings.get("ServerName"),
        port=int(settings.get("Port") or 5432),
        user=settings.get("Username"),
        password=settings.get("Password"),
        encrypted=endpoint.get("SslMode") == "require",
        booleans=_boolean(settings.get("MapBooleanAsBoolean", False)),
    )
    if not (database.secret_id or database.host):
        raise SettingsError("a source endpoint needs SecretsManagerSecretId, or ServerName, Port, Username, Password")
    return database


def target(endpoint: Mapping[str, Any]) -> Target:
    """Read a target endpoint.

    Args:
        endpoint: members of `CreateEndpoint` with `S3Settings`.

    Raises:
        SettingsError: the engine is not S3, the format is not Parquet, or a setting is not supported.
    """
    if endpoint.get("EngineName") != "s3":
        raise SettingsError(f"EngineName {endpoint.get('EngineName')}: the emulator writes to s3 only")
    settings: Mapping[str, Any] = endpoint.get("S3Settings", {})
    if not settings.get("BucketName"):
        raise SettingsError("S3Settings.BucketName is missing")
    if settings.get("DataFormat", "csv") != "parquet":
        raise SettingsError("S3Settings.DataFormat: the emulator writes parquet only")
    for name, default in _DEFAULT_ONLY.items():
        if name in settings and (_boolean(settings[name]) if default is False else settings[name]) != default:
            raise SettingsError(f"S3Settings.{name} = {settings[name]}: the emulator supports {default!r} only")
    return Target(
        bucket=settings["BucketName"],
        folder=settings.get("BucketFolder", "").strip("/"),
        operation_in_full_load=_boolean(settings.get("IncludeOpForFullLoad", False)),
        timestamp_column=settings.get("TimestampColumnName") or None,
        date_folders=_boolean(settings.get("DatePartitionEnabled", False)),
        batch_interval_s=int(settings.get("CdcMaxBatchInterval", 60)),
        min_file_bytes=int(settings.get("CdcMinFileSize", 32_000)) * KILOBYTE,
        max_file_bytes=int(settings.get("MaxFileSize", 1_048_576)) * KILOBYTE,
        gzip=settings.get("CompressionType", "none").lower() == "gzip",
        kms_key=settings.get("ServerSideEncryptionKmsKeyId"),
    )


def _boolean(value: object) -> bool:
    # CloudFormation templates carry booleans as text.
    return value is True or value in ("true", "True")
