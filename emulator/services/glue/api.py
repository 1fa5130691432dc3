"""Glue: the catalog with its optimistic lock, and jobs that run."""

import re
from typing import Any

from ministack.services import glue as ministack_glue  # type: ignore[import-untyped]

from emulator.runtime import plugin
from emulator.runtime.plugin import AwsError, Operation
from emulator.services.glue import catalog, jobs, optimizers, partitions, processes, rulesets, runs

OPERATIONS: dict[str, Operation] = {
    "CreateDatabase": catalog.create_database,
    "GetDatabase": catalog.get_database,
    "GetDatabases": catalog.get_databases,
    "UpdateDatabase": catalog.update_database,
    "DeleteDatabase": catalog.delete_database,
    "CreateTable": catalog.create_table,
    "GetTable": catalog.get_table,
    "GetTables": catalog.get_tables,
    "UpdateTable": catalog.update_table,
    "DeleteTable": catalog.delete_table,
    "BatchDeleteTable": catalog.batch_delete_table,
    "GetTableVersion": catalog.get_table_version,
    "GetTableVersions": catalog.get_table_versions,
    "DeleteTableVersion": catalog.delete_table_version,
    "BatchDeleteTableVersion": catalog.batch_delete_table_version,
    "BatchDeletePartition": partitions.batch_delete_partition,
    "CreateTableOptimizer": optimizers.create_table_optimizer,
    "UpdateTableOptimizer": optimizers.update_table_optimizer,
    "DeleteTableOptimizer": optimizers.delete_table_optimizer,
    "GetTableOptimizer": optimizers.get_table_optimizer,
    "BatchGetTableOptimizer": optimizers.batch_get_table_optimizer,
    "ListTableOptimizerRuns": optimizers.list_table_optimizer_runs,
    "CreateDataQualityRuleset": rulesets.create_data_quality_ruleset,
    "UpdateDataQualityRuleset": rulesets.update_data_quality_ruleset,
    "GetDataQualityRuleset": rulesets.get_data_quality_ruleset,
    "ListDataQualityRulesets": rulesets.list_data_quality_rulesets,
    "DeleteDataQualityRuleset": rulesets.delete_data_quality_ruleset,
    "CreateJob": jobs.create_job,
    "UpdateJob": jobs.update_job,
    "GetJob": jobs.get_job,
    "GetJobs": jobs.get_jobs,
    "ListJobs": jobs.list_jobs,
    "BatchGetJobs": jobs.batch_get_jobs,
    "DeleteJob": jobs.delete_job,
    "StartJobRun": runs.start_job_run,
    "GetJobRun": runs.get_job_run,
    "GetJobRuns": runs.get_job_runs,
    "BatchStopJobRun": runs.batch_stop_job_run,
}


def register() -> None:
    """Answer the catalog's and the jobs' operations, also where ministack calls them itself (CloudFormation)."""
    plugin.operations("glue", OPERATIONS)
    plugin.on_stop(processes.kill_all)
    for name, operation in OPERATIONS.items():
        setattr(ministack_glue, "_" + re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower(), _for_ministack(operation))
    restore = ministack_glue.load_persisted_state

    def load(data: Any) -> None:
        restore(data)
        runs.fail_interrupted()

    ministack_glue.load_persisted_state = load


def _for_ministack(operation: Operation) -> Any:
    def answer(request: plugin.Json) -> plugin.Response:
        try:
            return plugin.answer(operation(request))
        except AwsError as error:
            return plugin.refusal(error)

    return answer
