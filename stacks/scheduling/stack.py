"""Scheduling: what moves the data where nothing waits by the hour: a schedule that starts a state machine."""

from collections.abc import Sequence
from pathlib import Path

from aws_cdk import ArnFormat
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from lakehouse.contracts.model import Contract
from lakehouse.governance import tags
from lakehouse.names import Names, Urgency
from stacks.iam.acknowledge import acknowledge_wildcards
from stacks.iam.state_machine import WHY_WILDCARDS, machine_statements
from stacks.scheduling.dbt_build import add_dbt_build
from stacks.scheduling.planner import add_planner
from stacks.scheduling.state_machine import definition
from stacks.settings import Settings
from stacks.shared.job_code import build_wheel, upload
from stacks.stack import LakehouseStack


class Scheduling(LakehouseStack):
    """State machine of all moves, the function that plans for it, dbt as its last step, and its schedule."""

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
        super().__init__(scope, "scheduling", names=names, description="What starts the moves of the lakehouse")
        self._settings, self._key = settings, key
        wheel = upload(self, build_wheel(root))
        planner = add_planner(self, settings=settings, key=key, wheel=wheel)
        add_dbt_build(self, settings=settings, key=key, wheel=wheel, root=root, tags=tags.values(contracts))
        machine = self.format_arn(
            service="states",
            resource="stateMachine",
            resource_name=names.moves,
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )
        topic = self.format_arn(service="sns", resource=names.alerts_topic(Urgency.CRITICAL))
        described = definition(
            contracts,
            names=names,
            concurrency=settings.jobs.max_concurrent_runs,
            planner_arn=planner,
            machine_arn=machine,
            topic_arn=topic,
        )
        made = self._machine(
            described, statements=machine_statements(self, key=key, machine=machine, planner=planner, topic=topic)
        )
        self._schedule(machine).node.add_dependency(made)

    def _machine(self, described: dict[str, object], *, statements: list[iam.PolicyStatement]) -> sfn.CfnStateMachine:
        names, machine = self.names, sfn.CfnStateMachine
        log_group = logs.LogGroup(
            self,
            "log",
            log_group_name=names.moves_log_group,
            retention=self._settings.retention.logs,
            encryption_key=self._key,
            removal_policy=self._settings.removal_policy,
        )
        role = self._role("states.amazonaws.com", construct_id="machine", name=names.role("moves"))
        policy = iam.Policy(self, "machine-policy", statements=statements, roles=[role])
        acknowledge_wildcards(policy, statements, reason=WHY_WILDCARDS)
        made = machine(
            self,
            "moves",
            state_machine_name=names.moves,
            state_machine_type="STANDARD",
            role_arn=role.role_arn,
            definition_string=self.to_json_string(described),
            logging_configuration=machine.LoggingConfigurationProperty(
                level="ALL",
                include_execution_data=True,
                destinations=[
                    machine.LogDestinationProperty(
                        cloud_watch_logs_log_group=machine.CloudWatchLogsLogGroupProperty(
                            log_group_arn=log_group.log_group_arn
                        )
                    )
                ],
            ),
            tracing_configuration=machine.TracingConfigurationProperty(enabled=True),
            encryption_configuration=machine.EncryptionConfigurationProperty(
                type="CUSTOMER_MANAGED_KMS_KEY", kms_key_id=self._key.key_arn, kms_data_key_reuse_period_seconds=300
            ),
        )
        made.node.add_dependency(policy)
        return made

    def _schedule(self, machine: str) -> scheduler.CfnSchedule:
        names, schedule = self.names, scheduler.CfnSchedule
        role = self._role("scheduler.amazonaws.com", construct_id="schedule", name=names.role("schedule"))
        policy = iam.Policy(
            self,
            "schedule-policy",
            statements=[
                iam.PolicyStatement(sid="Start", actions=["states:StartExecution"], resources=[machine]),
                iam.PolicyStatement(
                    sid="UseKey", actions=["kms:Decrypt", "kms:GenerateDataKey"], resources=[self._key.key_arn]
                ),
            ],
            roles=[role],
        )
        made = schedule(
            self,
            "every",
            name=names.moves,
            description=f"Looks for what waits in {names.prefix}",
            schedule_expression=f"rate({self._settings.orchestration.every_minutes} minutes)",
            flexible_time_window=schedule.FlexibleTimeWindowProperty(mode="OFF"),
            kms_key_arn=self._key.key_arn,
            # An execution that can't be started is made up for by the next.
            target=schedule.TargetProperty(
                arn=machine,
                role_arn=role.role_arn,
                input="{}",
                retry_policy=schedule.RetryPolicyProperty(maximum_retry_attempts=0),
            ),
        )
        made.node.add_dependency(policy)
        return made

    def _role(self, service: str, *, construct_id: str, name: str) -> iam.Role:
        return iam.Role(self, f"{construct_id}-role", role_name=name, assumed_by=iam.ServicePrincipal(service))
