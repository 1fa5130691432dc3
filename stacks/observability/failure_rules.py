"""Failures that AWS tells of as events: those of jobs, also of one that died before it could measure, and of DMS."""

from collections.abc import Collection

from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_sns as sns

from lakehouse.names import Fetch, Move
from stacks.stack import LakehouseStack


def add_job_rule(stack: LakehouseStack, *, topic: sns.ITopic) -> None:
    """Tell of each run of a Glue job that fails.

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
            f"{detail['jobName']} {detail['state']}: {detail['message']} (run {detail['jobRunId']}). The dataset of "
            "this run stands still, the others go on; what was committed stays, and a run again takes up the rest. If "
            f"the message names no cause, the log does: {stack.names.job_log_prefix}/... Then: lakehouse run --env "
            f"{stack.names.environment}."
        ),
        topic=topic,
    )


def add_replication_rule(stack: LakehouseStack, *, replications: Collection[str], topic: sns.ITopic) -> None:
    """Tell of each replication that fails.

    Source: AWS DMS user guide, "Working with Amazon EventBridge events and notifications in AWS DMS".

    Args:
        stack: the stack that the rule is in.
        replications: ARNs of DMS replication configs or tasks.
        topic: who is told.
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
            f"DMS: {message} Changes of this source database wait in its log, which grows until its disk is full. Mend "
            "what its log in the DMS console says, then: aws dms start-replication --start-replication-type "
            "resume-processing. Says it that the log position is gone: reload-target loads all tables anew."
        ),
        topic=topic,
    )


def add_moves_rule(stack: LakehouseStack, *, topic: sns.ITopic) -> None:
    """Tell of each execution of the moves that was ended from outside; one that fails tells itself.

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
            f"{names.moves} {detail['status']} (execution {detail['name']}). Jobs that it had started go on; the next "
            "execution takes up what is left. Look which state it hung in, in the Step Functions console. To be quick: "
            f"lakehouse run --env {names.environment}."
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
