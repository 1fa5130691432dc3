"""What the state machine of the moves may do; for its `.sync` tasks also what waiting for them takes.

Source: AWS Step Functions developer guide, "IAM policies for integrated services".
"""

from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms

from lakehouse.names import Fetch, Move
from stacks.stack import LakehouseStack

LOG_DELIVERY = ["CreateLogDelivery", "GetLogDelivery", "UpdateLogDelivery", "DeleteLogDelivery", "ListLogDeliveries"]
LOG_DELIVERY += ["PutResourcePolicy", "DescribeResourcePolicies", "DescribeLogGroups"]
WHY_WILDCARDS = (
    "CloudWatch's actions for the delivery of logs and X-Ray's for traces know no resources ('Logging using CloudWatch "
    "Logs' and 'IAM policies for X-Ray' in the Step Functions developer guide)."
)


def machine_statements(
    stack: LakehouseStack, *, key: kms.IKey, machine: str, planner: str, topic: str
) -> list[iam.PolicyStatement]:
    """Statements of its role.

    Args:
        stack: the stack that it is in.
        key: encrypts its executions.
        machine, planner, topic: ARNs of itself, of the function that plans, and of whom it tells.
    """
    names = stack.names
    jobs = [stack.glue_arn(f"job/{names.job(job)}") for job in (*Move, *Fetch)]
    builds = stack.format_arn(service="codebuild", resource="project", resource_name=names.dbt_project)
    rule = stack.format_arn(
        service="events", resource="rule", resource_name="StepFunctionsGetEventForCodeBuildStartBuildRule"
    )

    def allow(sid: str, actions: list[str], resources: list[str]) -> iam.PolicyStatement:
        return iam.PolicyStatement(sid=sid, actions=actions, resources=resources)

    run = ["glue:StartJobRun", "glue:GetJobRun", "glue:GetJobRuns", "glue:BatchStopJobRun"]
    build = ["codebuild:StartBuild", "codebuild:StopBuild", "codebuild:BatchGetBuilds"]
    return [
        allow("Others", ["states:ListExecutions"], [machine]),
        allow("Plan", ["lambda:InvokeFunction"], [planner]),
        allow("Run", run, jobs),
        allow("Build", build, [builds]),
        allow("WaitForBuilds", ["events:PutTargets", "events:PutRule", "events:DescribeRule"], [rule]),
        allow("Tell", ["sns:Publish"], [topic]),
        allow("UseKey", ["kms:Decrypt", "kms:GenerateDataKey"], [key.key_arn]),
        allow("Log", [f"logs:{action}" for action in LOG_DELIVERY], ["*"]),
        allow("Trace", ["xray:PutTraceSegments", "xray:PutTelemetryRecords"], ["*"]),
    ]
