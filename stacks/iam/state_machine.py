"""Permissions of the state machine of the moves, and of the schedule that starts it.

Source: AWS Step Functions developer guide, "IAM policies for integrated services".
"""

from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms

from lakehouse.names import Fetch, Move
from stacks.iam.statements import allow, use_key
from stacks.stack import LakehouseStack

LOG_DELIVERY = ["CreateLogDelivery", "GetLogDelivery", "UpdateLogDelivery", "DeleteLogDelivery", "ListLogDeliveries"]
LOG_DELIVERY += ["PutResourcePolicy", "DescribeResourcePolicies", "DescribeLogGroups"]
RUN = ["StartJobRun", "GetJobRun", "GetJobRuns", "BatchStopJobRun"]
BUILD = ["StartBuild", "StopBuild", "BatchGetBuilds"]
WHY_MACHINE_WILDCARDS = (
    "CloudWatch's actions for the delivery of logs and X-Ray's for traces cannot be limited to resources "
    "('Logging using CloudWatch Logs' and 'IAM policies for X-Ray' in the Step Functions developer guide)."
)


def machine_statements(
    stack: LakehouseStack, *, key: kms.IKey, machine_arn: str, planner_arn: str, topic_arn: str
) -> list[iam.PolicyStatement]:
    """Return the statements of the state machine; its `.sync` tasks also need to read what they wait for.

    Args:
        stack: the stack of the state machine.
        key: the key of its executions.
        machine_arn: ARN of the state machine itself.
        planner_arn: ARN of the function that plans batches.
        topic_arn: ARN of the topic that it notifies.
    """
    names = stack.names
    jobs = [stack.glue_arn(f"job/{names.job(job)}") for job in (*Move, *Fetch)]
    project = stack.arn("codebuild", resource=f"project/{names.dbt_project}")
    rule = stack.arn("events", resource="rule/StepFunctionsGetEventForCodeBuildStartBuildRule")
    return [
        allow("Others", actions=["states:ListExecutions"], resources=[machine_arn]),
        allow("Plan", actions=["lambda:InvokeFunction"], resources=[planner_arn]),
        allow("Run", service="glue", actions=RUN, resources=jobs),
        allow("Build", service="codebuild", actions=BUILD, resources=[project]),
        allow("WaitForBuilds", service="events", actions=["PutTargets", "PutRule", "DescribeRule"], resources=[rule]),
        allow("Tell", actions=["sns:Publish"], resources=[topic_arn]),
        use_key(key),
        allow("Log", service="logs", actions=LOG_DELIVERY, resources=["*"]),
        allow("Trace", service="xray", actions=["PutTraceSegments", "PutTelemetryRecords"], resources=["*"]),
    ]


def schedule_statements(*, key: kms.IKey, machine_arn: str) -> list[iam.PolicyStatement]:
    """Return the statements of the schedule.

    Args:
        key: the key of the schedule and of the state machine.
        machine_arn: ARN of the state machine.
    """
    return [allow("Start", actions=["states:StartExecution"], resources=[machine_arn]), use_key(key)]
