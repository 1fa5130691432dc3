"""Endpoint settings: how to reach the source, and how files are written to S3.

Source: AWS DMS API reference, `PostgreSQLSettings` and `S3Settings`; defaults are DMS's.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

KILOBYTE = 1024


class SettingsError(ValueError):
    """A setting that DMS would refuse, or that this stand-in can't honour; the message names it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A PostgreSQL database; the secret, if there is one, wins over the plain settings."""

    database: str | None
    secret_id: str | None = None
    host: str | None = None
    port: int = 5432
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    encrypted: bool = False
    booleans: bool = False
    """Whether a boolean is written as one; DMS writes the text `true` or `false` unless told otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A folder of an S3 bucket and the form of the files in it."""

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


# What changes the records or their place and is not imitated: refused unless it has DMS's default value.
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
        endpoint: members of `CreateEndpoint`; `PostgreSQLSettings` win over the endpoint's own.

    Raises:
        SettingsError: the engine is not PostgreSQL, or it does not say where the database is.
    """
    if endpoint.get("EngineName") not in ("postgres", "aurora-postgresql"):
        raise SettingsError(f"EngineName {endpoint.get('EngineName')}: this stand-in for DMS reads PostgreSQL only")
    if endpoint.get("SslMode", "none") not in ("none", "require"):
        raise SettingsError(f"SslMode {endpoint['SslMode']}: this stand-in for DMS knows none and require")
    settings = {**endpoint, **endpoint.get("PostgreSQLSettings", {})}
    if settings.get("SlotName"):
        raise SettingsError("SlotName: this stand-in for DMS makes its own replication slot, named after the task")
    found = Source(
        database=settings.get("DatabaseName"),
        secret_id=settings.get("SecretsManagerSecretId"),
        host=settings.get("ServerName"),
        port=int(settings.get("Port") or 5432),
        user=settings.get("Username"),
        password=settings.get("Password"),
        encrypted=endpoint.get("SslMode") == "require",
        booleans=_boolean(settings.get("MapBooleanAsBoolean", False)),
    )
    if not (found.secret_id or found.host):
        raise SettingsError("a source endpoint needs SecretsManagerSecretId, or ServerName, Port, Username, Password")
    return found


def target(endpoint: Mapping[str, Any]) -> Target:
    """Read a target endpoint.

    Args:
        endpoint: members of `CreateEndpoint` with `S3Settings`.

    Raises:
        SettingsError: the engine is not S3, the format is not Parquet, or a setting is not imitated.
    """
    if endpoint.get("EngineName") != "s3":
        raise SettingsError(f"EngineName {endpoint.get('EngineName')}: this stand-in for DMS writes to s3 only")
    settings: Mapping[str, Any] = endpoint.get("S3Settings", {})
    if not settings.get("BucketName"):
        raise SettingsError("S3Settings.BucketName is missing")
    if settings.get("DataFormat", "csv") != "parquet":
        raise SettingsError("S3Settings.DataFormat: this stand-in for DMS writes parquet only")
    for name, default in _DEFAULT_ONLY.items():
        if name in settings and (_boolean(settings[name]) if default is False else settings[name]) != default:
            raise SettingsError(f"S3Settings.{name} = {settings[name]}: this stand-in for DMS knows {default!r} only")
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
