"""Notifications of failures that AWS reports as events: of jobs, also before they publish metrics, and of DMS."""

from collections.abc import Collection

from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_sns as sns

from lakehouse.names import Fetch, Move
from stacks.stack import LakehouseStack


def add_job_rule(stack: LakehouseStack, *, topic: sns.ITopic) -> None:
    """Notify a topic of each run of a Glue job that fails.

    Source: AWS Glue developer guide, "Automating AWS Glue with EventBridge".
    """
    detail = {
        name: events.EventField.from_path(f"$.detail.{name}") for name in ("jobName", "jobRunId", "state", "message")
    }
    _add_rule(
        stack,
        "jobs",
        description="Runs of Glue jobs that did not succeed",
        pattern=events.EventPattern(
            source=["aws.glue"],
            detail_type=["Glue Job State Change"],
            detail={
                "jobName": [stack.names.job(job) for job in (*Move, *Fetch)],
                "state": ["FAILED", "TIMEOUT", "ERROR"],
            },
        ),
        text=(
            f"{detail['jobName']} {detail['state']}: {detail['message']} (run {detail['jobRunId']}). Only the dataset "
            "of this run has stopped. Committed data is kept; there are no partial writes. "
            f"1. If the message does not name the cause, read the log under {stack.names.job_log_prefix}. "
            f"2. Fix the cause. 3. Run as operator: lakehouse run --env {stack.names.environment}. It continues with "
            "what is left."
        ),
        topic=topic,
    )


def add_replication_rule(stack: LakehouseStack, *, replications: Collection[str], topic: sns.ITopic) -> None:
    """Notify a topic of each replication that fails.

    Source: AWS DMS user guide, "Working with Amazon EventBridge events and notifications in AWS DMS".

    Args:
        stack: the stack of the rule.
        replications: ARNs of DMS replication configs or tasks.
        topic: the topic.
    """
    message = events.EventField.from_path("$.detail.detailMessage")
    _add_rule(
        stack,
        "replications",
        description="DMS replications that failed",
        pattern=events.EventPattern(
            source=["aws.dms"],
            detail_type=["DMS Replication State Change", "DMS Replication Task State Change"],
            resources=list(replications),
            detail={"eventType": ["REPLICATION_FAILED", "REPLICATION_TASK_FAILED"]},
        ),
        text=(
            f"DMS: {message} Changes of this source database wait in its log, which grows until its disk is full. "
            "1. Read the log of the replication in the DMS console and fix the cause. "
            "2. Run: aws dms start-replication --start-replication-type resume-processing. "
            "3. If the log says that the log position no longer exists, start the replication with reload-target. It "
            "reloads all tables."
        ),
        topic=topic,
    )


def add_moves_rule(stack: LakehouseStack, *, topic: sns.ITopic) -> None:
    """Notify a topic of each execution of the moves that timed out or was aborted; a failed one notifies by itself.

    Source: AWS Step Functions developer guide, "Automating Step Functions event delivery with EventBridge".
    """
    names = stack.names
    detail = {name: events.EventField.from_path(f"$.detail.{name}") for name in ("status", "name")}
    _add_rule(
        stack,
        "moves",
        description="Executions of the moves that ran out of time or were aborted",
        pattern=events.EventPattern(
            source=["aws.states"],
            detail_type=["Step Functions Execution Status Change"],
            detail={
                "stateMachineArn": [stack.arn("states", resource=f"stateMachine:{names.moves}")],
                "status": ["TIMED_OUT", "ABORTED"],
            },
        ),
        text=(
            f"{names.moves} {detail['status']} (execution {detail['name']}). Jobs that it had started continue. The "
            "next execution continues with what is left. 1. Check in the Step Functions console in which state it "
            f"stopped. 2. If the data is urgent, run as operator: lakehouse run --env {names.environment}."
        ),
        topic=topic,
    )


def _add_rule(
    stack: LakehouseStack, of: str, *, description: str, pattern: events.EventPattern, text: str, topic: sns.ITopic
) -> None:
    events.Rule(
        stack,
        f"failed-{of}",
        rule_name=stack.names.failure_rule(of),
        description=description,
        event_pattern=pattern,
        targets=[targets.SnsTopic(topic, message=events.RuleTargetInput.from_text(text))],
    )
