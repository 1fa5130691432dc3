"""Glue table optimizers: Glue compacts small files of the tables, expires snapshots and deletes orphan files.

`lakehouse tables apply` sets them up. Glue assumes `Names.optimizer_role`.

Source: AWS Glue developer guide, "Optimizing Iceberg tables".
"""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from lakehouse.engine.role_arns import role_arn
from lakehouse.errors import LakehouseError
from lakehouse.names import Names
from lakehouse.tables.definition import Definition

if TYPE_CHECKING:
    from mypy_boto3_glue import GlueClient
    from mypy_boto3_glue.literals import TableOptimizerTypeType
    from mypy_boto3_glue.type_defs import BatchGetTableOptimizerEntryTypeDef, TableOptimizerConfigurationTypeDef

SNAPSHOTS_KEPT = 10
"""Kept regardless of age, so that the last changes of a table that seldom changes can be read and undone."""

FILES_TO_COMPACT = 100
"""Glue compacts a partition that has at least this many small files (Glue's default)."""

ORPHAN_DAYS = 3
"""Younger orphan files are kept, because a running job may be about to commit them (Glue's default)."""

RUN_HOURS = 168
"""Expiry and deletion run once a week: each run bills at least a minute, and storage for a week costs less."""


def configurations(
    definition: Definition, *, names: Names
) -> "dict[TableOptimizerTypeType, TableOptimizerConfigurationTypeDef]":
    """Return the optimizer configurations that a table must have, by optimizer."""
    role = role_arn(names.optimizer_role, names=names)
    return {
        "compaction": {
            "roleArn": role,
            "enabled": True,
            "compactionConfiguration": {
                "icebergConfiguration": {"strategy": "binpack", "minInputFiles": FILES_TO_COMPACT}
            },
        },
        "retention": {
            "roleArn": role,
            "enabled": True,
            "retentionConfiguration": {
                "icebergConfiguration": {
                    "snapshotRetentionPeriodInDays": definition.snapshot_days,
                    "numberOfSnapshotsToRetain": SNAPSHOTS_KEPT,
                    "cleanExpiredFiles": True,
                    "runRateInHours": RUN_HOURS,
                }
            },
        },
        "orphan_file_deletion": {
            "roleArn": role,
            "enabled": True,
            "orphanFileDeletionConfiguration": {
                "icebergConfiguration": {
                    "orphanFileRetentionPeriodInDays": ORPHAN_DAYS,
                    "location": definition.location,
                    "runRateInHours": RUN_HOURS,
                }
            },
        },
    }


def differences(glue: "GlueClient", definition: Definition, *, names: Names) -> list[str]:
    """Return a line for each setting of an existing table's optimizers that differs from its required value."""
    current = _current_settings(glue, definition, names=names)
    return [
        f"optimizer {optimizer}: {setting} {current.get(optimizer, {}).get(setting)!r} -> {value!r}"
        for optimizer, configuration in configurations(definition, names=names).items()
        for setting, value in _settings(configuration).items()
        if current.get(optimizer, {}).get(setting) != value
    ]


def set_up(glue: "GlueClient", definition: Definition, *, names: Names) -> None:
    """Create or update those optimizers of an existing table that are missing or differ."""
    current = _current_settings(glue, definition, names=names)
    for optimizer, configuration in configurations(definition, names=names).items():
        settings = current.get(optimizer)
        if settings is not None and _settings(configuration).items() <= settings.items():
            continue
        put = glue.create_table_optimizer if settings is None else glue.update_table_optimizer
        put(
            CatalogId=names.account,
            DatabaseName=definition.database,
            TableName=definition.table,
            Type=optimizer,
            TableOptimizerConfiguration=configuration,
        )


def last_runs(glue: "GlueClient", definition: Definition, *, names: Names) -> dict[str, datetime]:
    """Return the start of the last run on a table, by optimizer; optimizers that never ran are left out."""
    starts: dict[str, datetime] = {}
    for optimizer in configurations(definition, names=names):
        try:
            runs = glue.list_table_optimizer_runs(
                CatalogId=names.account,
                DatabaseName=definition.database,
                TableName=definition.table,
                Type=optimizer,
                MaxResults=1,
            )["TableOptimizerRuns"]
        except glue.exceptions.EntityNotFoundException:
            continue
        for run in runs:
            starts[optimizer] = run["startTimestamp"]
    return starts


def _current_settings(glue: "GlueClient", definition: Definition, *, names: Names) -> dict[str, dict[str, Any]]:
    """Return the settings that Glue has for a table, by optimizer."""
    table: BatchGetTableOptimizerEntryTypeDef = {
        "catalogId": names.account,
        "databaseName": definition.database,
        "tableName": definition.table,
    }
    answer = glue.batch_get_table_optimizer(
        Entries=[{**table, "type": optimizer} for optimizer in configurations(definition, names=names)]
    )
    for failure in answer["Failures"]:
        error = failure["error"]
        if error["ErrorCode"] != "EntityNotFoundException":
            raise LakehouseError(
                f"{definition.name}: Glue did not return the table's optimizers: "
                f"{error['ErrorCode']}: {error['ErrorMessage']}"
            )
    optimizers = [entry["tableOptimizer"] for entry in answer["TableOptimizers"]]
    return {optimizer["type"]: _settings(optimizer["configuration"]) for optimizer in optimizers}


def _settings(configuration: Any) -> dict[str, Any]:
    """Return the settings of a configuration by name, without the structures around them."""
    settings: dict[str, Any] = {}
    for name, value in configuration.items():
        settings |= _settings(value) if isinstance(value, dict) else {name: value}
    return settings
