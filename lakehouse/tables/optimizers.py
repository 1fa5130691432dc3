"""Glue's upkeep of our Iceberg tables: it compacts small files, expires snapshots and deletes files nobody refers to.

`lakehouse tables apply` sets it up, as it owns the tables. Glue works under `Names.optimizer_role`.

Source: AWS Glue developer guide, "Optimizing Iceberg tables".
"""

from datetime import datetime
from typing import TYPE_CHECKING, Any

import boto3

from lakehouse.errors import LakehouseError
from lakehouse.names import Names
from lakehouse.tables.definition import Definition

if TYPE_CHECKING:
    from mypy_boto3_glue import GlueClient
    from mypy_boto3_glue.literals import TableOptimizerTypeType
    from mypy_boto3_glue.type_defs import BatchGetTableOptimizerEntryTypeDef, TableOptimizerConfigurationTypeDef

SNAPSHOTS_KEPT = 10
"""However old they are: the last changes of a table that seldom changes can be looked at and undone."""

FILES_TO_COMPACT = 100
"""Glue compacts a partition when it has at least so many files that are small (its default)."""

ORPHAN_DAYS = 3
"""A file that no snapshot refers to may be one that a running job is about to commit (Glue's default)."""

RUN_HOURS = 168
"""Expiry and deletion run once a week: each run bills a minute at least, and what waits for it costs less."""


def wanted(
    definition: Definition, *, names: Names
) -> "dict[TableOptimizerTypeType, TableOptimizerConfigurationTypeDef]":
    """What Glue must be told about one table, by optimizer."""
    partition = boto3.Session().get_partition_for_region(names.region)
    role = f"arn:{partition}:iam::{names.account}:role/{names.optimizer_role}"
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
    """What is not as it must be in an existing table's optimizers, a line for each setting; empty if all is."""
    there = _there(glue, definition, names=names)
    return [
        f"optimizer {optimizer}: {setting} {there.get(optimizer, {}).get(setting)!r} -> {value!r}"
        for optimizer, configuration in wanted(definition, names=names).items()
        for setting, value in _flat(configuration).items()
        if there.get(optimizer, {}).get(setting) != value
    ]


def bring(glue: "GlueClient", definition: Definition, *, names: Names) -> None:
    """Set up an existing table's optimizers; those that are as they must be are left alone."""
    there = _there(glue, definition, names=names)
    for optimizer, configuration in wanted(definition, names=names).items():
        given = there.get(optimizer)
        if given is not None and _flat(configuration).items() <= given.items():
            continue
        change = glue.create_table_optimizer if given is None else glue.update_table_optimizer
        change(
            CatalogId=names.account,
            DatabaseName=definition.database,
            TableName=definition.table,
            Type=optimizer,
            TableOptimizerConfiguration=configuration,
        )


def last_runs(glue: "GlueClient", definition: Definition, *, names: Names) -> dict[str, datetime]:
    """When Glue last began to work on a table, by optimizer; those that never ran are not in it."""
    began: dict[str, datetime] = {}
    for optimizer in wanted(definition, names=names):
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
            began[optimizer] = run["startTimestamp"]
    return began


def _there(glue: "GlueClient", definition: Definition, *, names: Names) -> dict[str, dict[str, Any]]:
    """Settings that Glue has for a table, by optimizer."""
    table: BatchGetTableOptimizerEntryTypeDef = {
        "catalogId": names.account,
        "databaseName": definition.database,
        "tableName": definition.table,
    }
    answer = glue.batch_get_table_optimizer(
        Entries=[{**table, "type": optimizer} for optimizer in wanted(definition, names=names)]
    )
    for failure in answer["Failures"]:
        error = failure["error"]
        if error["ErrorCode"] != "EntityNotFoundException":
            raise LakehouseError(
                f"{definition.name}: Glue does not tell the table's optimizers: "
                f"{error['ErrorCode']}: {error['ErrorMessage']}"
            )
    found = [item["tableOptimizer"] for item in answer["TableOptimizers"]]
    return {item["type"]: _flat(item["configuration"]) for item in found}


def _flat(configuration: Any) -> dict[str, Any]:
    """The settings of a configuration, without the structures that they stand in."""
    flat: dict[str, Any] = {}
    for name, value in configuration.items():
        flat |= _flat(value) if isinstance(value, dict) else {name: value}
    return flat
