"""Scheduling: a schedule that starts a state machine, which moves the data; nothing bills by the hour."""

from collections.abc import Sequence
from pathlib import Path

from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from lakehouse.contracts.model import Contract
from lakehouse.governance import tags
from lakehouse.names import Names, Urgency
from stacks.iam.roles import add_service_role
from stacks.iam.state_machine import WHY_MACHINE_WILDCARDS, machine_statements, schedule_statements
from stacks.scheduling.dbt_build import add_dbt_build
from stacks.scheduling.planner import add_planner
from stacks.scheduling.state_machine import definition
from stacks.settings import Settings
from stacks.shared.job_code import upload_wheel
from stacks.stack import LakehouseStack


class Scheduling(LakehouseStack):
    """The state machine of all moves, the function that plans for it, dbt as its last step, and its schedule."""

    def __init__(
        self,
        scope: Construct,
        *,
        names: Names,
        settings: Settings,
        key: kms.IKey,
        contracts: Sequence[Contract],
        root: Path,
    ) -> None:
        super().__init__(scope, "scheduling", names=names, description="Starts the moves of the lakehouse")
        self._settings, self._key = settings, key
        wheel = upload_wheel(self, root)
        planner_arn = add_planner(self, settings=settings, key=key, wheel=wheel)
        add_dbt_build(self, settings=settings, key=key, wheel=wheel, root=root, tags=tags.values(contracts))
        machine_arn = self.arn("states", resource=f"stateMachine:{names.moves}")
        topic_arn = self.arn("sns", resource=names.alerts_topic(Urgency.CRITICAL))
        states = definition(
            names=names,
            concurrency=settings.jobs.max_concurrent_runs,
            planner_arn=planner_arn,
            machine_arn=machine_arn,
            topic_arn=topic_arn,
        )
        statements = machine_statements(
            self, key=key, machine_arn=machine_arn, planner_arn=planner_arn, topic_arn=topic_arn
        )
        machine = self._machine(states, statements=statements)
        self._schedule(machine_arn).node.add_dependency(machine)

    def _machine(self, states: dict[str, object], *, statements: list[iam.PolicyStatement]) -> sfn.CfnStateMachine:
        names = self.names
        log_group = logs.LogGroup(
            self,
            "log",
            log_group_name=names.moves_log_group,
            retention=self._settings.retention.logs,
            encryption_key=self._key,
            removal_policy=self._settings.removal_policy,
        )
        role, policy = add_service_role(
            self,
            "machine",
            service="states",
            name=names.role("moves"),
            statements=statements,
            why_wildcards=WHY_MACHINE_WILDCARDS,
        )
        machine = sfn.CfnStateMachine(
            self,
            "moves",
            state_machine_name=names.moves,
            state_machine_type="STANDARD",
            role_arn=role.role_arn,
            definition_string=self.to_json_string(states),
            logging_configuration=sfn.CfnStateMachine.LoggingConfigurationProperty(
                level="ALL",
                include_execution_data=True,
                destinations=[
                    sfn.CfnStateMachine.LogDestinationProperty(
                        cloud_watch_logs_log_group=sfn.CfnStateMachine.CloudWatchLogsLogGroupProperty(
                            log_group_arn=log_group.log_group_arn
                        )
                    )
                ],
            ),
            tracing_configuration=sfn.CfnStateMachine.TracingConfigurationProperty(enabled=True),
            encryption_configuration=sfn.CfnStateMachine.EncryptionConfigurationProperty(
                type="CUSTOMER_MANAGED_KMS_KEY", kms_key_id=self._key.key_arn, kms_data_key_reuse_period_seconds=300
            ),
        )
        machine.node.add_dependency(policy)
        return machine

    def _schedule(self, machine_arn: str) -> scheduler.CfnSchedule:
        names = self.names
        role, policy = add_service_role(
            self,
            "schedule",
            service="scheduler",
            name=names.role("schedule"),
            statements=schedule_statements(key=self._key, machine_arn=machine_arn),
        )
        schedule = scheduler.CfnSchedule(
            self,
            "every",
            name=names.moves,
            description=f"Looks for waiting data in {names.prefix}",
            schedule_expression=f"rate({self._settings.orchestration.every_minutes} minutes)",
            flexible_time_window=scheduler.CfnSchedule.FlexibleTimeWindowProperty(mode="OFF"),
            kms_key_arn=self._key.key_arn,
            # The next execution does the work of one that could not be started.
            target=scheduler.CfnSchedule.TargetProperty(
                arn=machine_arn,
                role_arn=role.role_arn,
                input="{}",
                retry_policy=scheduler.CfnSchedule.RetryPolicyProperty(maximum_retry_attempts=0),
            ),
        )
        schedule.node.add_dependency(policy)
        return schedule
