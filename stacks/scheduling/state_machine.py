"""The moves of all datasets as a state machine, in the Amazon States Language with JSONata.

    alone? -> plan -> for each dataset with work: pull from its API, load, plan the merge, merge -> dbt -> notify

A dataset that fails stops, the others continue, and dbt builds with the data in integration. Nothing is kept between
executions.

Source: AWS Step Functions developer guide, "Transforming data with JSONata" and "Start an AWS Glue job".
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from lakehouse.names import Fetch, Move, Names
from lakehouse.operations import dbt
from lakehouse.sizes import Capacity

Json = dict[str, Any]

BUSY = ["Glue.ConcurrentRunsExceededException", "Glue.ResourceNumberLimitExceededException"]
TRANSIENT = [
    *("Glue.InternalServiceException", "Glue.OperationTimeoutException", "Glue.ThrottlingException"),
    *("Lambda.ServiceException", "Lambda.AWSLambdaException", "Lambda.SdkClientException"),
    *("Lambda.TooManyRequestsException", "CodeBuild.ThrottlingException", "CodeBuild.SdkClientException"),
    *("Sfn.ThrottlingException", "Sfn.SdkClientException"),
]
RETRY = [
    # Another run has to end first, which can take as long as the time-out of a run.
    {"ErrorEquals": BUSY, "IntervalSeconds": 15, "BackoffRate": 1.5, "MaxDelaySeconds": 300, "MaxAttempts": 50},
    {"ErrorEquals": TRANSIENT, "IntervalSeconds": 2, "BackoffRate": 2, "MaxAttempts": 6, "JitterStrategy": "FULL"},
]
LONGEST_CAUSE = 1_000
"""Characters of the cause for which a dataset failed: all causes of an execution are the input of one state, and one
message.
"""
# A JSONata object with the failed dataset and the reason, for the next state; the cause of Glue is the whole run.
CAUSE = f"$substring($states.errorOutput.Cause, 0, {LONGEST_CAUSE})"
FAILURE = f"{{'dataset': %s, 'failed': $states.errorOutput.Error & ': ' & {CAUSE}}}"


def definition(*, names: Names, concurrency: int, planner_arn: str, machine_arn: str, topic_arn: str) -> Json:
    """Return the definition of the state machine.

    Args:
        names: names of the deployment.
        concurrency: how many datasets move at a time.
        planner_arn: ARN of the function of `lakehouse.operations.planner`.
        machine_arn: ARN of the state machine itself.
        topic_arn: ARN of the topic that it notifies.
    """
    plan = partial(_plan, names=names, planner_arn=planner_arn)
    return {
        "Comment": f"Moves waiting data of {names.prefix}; for the datasets in the index of contracts",
        "QueryLanguage": "JSONata",
        "StartAt": "Executions",
        "States": {
            "Executions": _task(
                "aws-sdk:sfn:listExecutions", StateMachineArn=machine_arn, StatusFilter="RUNNING", MaxResults=2
            )
            | {"Output": "{% $count($states.result.Executions) %}", "Next": "Alone?"}
            | _catch("'moves'", then="Notify", output="[%s]"),
            "Alone?": _choice("$states.input > 1", then="Another one runs", otherwise="Plan"),
            "Another one runs": {"Type": "Succeed"},
            "Plan": plan()
            | {"Output": "{% $states.result.Payload %}", "Next": "Datasets"}
            | _catch("'planner'", then="Notify", output="[%s]"),
            "Datasets": {
                "Type": "Map",
                "Items": "{% $states.input %}",
                "MaxConcurrency": concurrency,
                "ItemProcessor": {"ProcessorConfig": {"Mode": "INLINE"}, **_dataset(names, plan=plan)},
                "Next": "Anything moved?",
            },
            "Anything moved?": _choice("$count($states.input[moved]) > 0", then="Curated", otherwise="Any failed?"),
            "Curated": _task(
                "codebuild:startBuild.sync",
                ProjectName=names.dbt_project,
                EnvironmentVariablesOverride=[{"Name": dbt.PARENT, "Value": _this_run(names)}],
            )
            | {"Output": "{% $states.input %}", "Next": "Any failed?"}
            | _catch("'dbt'", then="Any failed?", output="$append($states.input, %s)"),
            "Any failed?": _choice("$count($states.input[failed]) > 0", then="Notify", otherwise="Done"),
            "Done": {"Type": "Succeed"},
            "Notify": _task(
                "sns:publish",
                TopicArn=topic_arn,
                Subject=f"{names.prefix}: moves failed",
                Message=_message(names),
            )
            | {"Next": "Some failed"},
            "Some failed": {
                "Type": "Fail",
                "Error": "MovesFailed",
                "Cause": "The SNS message has the datasets and the reasons.",
            },
        },
    }


def _dataset(names: Names, *, plan: Callable[..., Json]) -> Json:
    """Return the states of one dataset with due work."""
    can_load, can_merge = (
        f"$states.input.batches.{move} != ''" for move in (Move.STAGE_TO_RAW, Move.RAW_TO_INTEGRATION)
    )
    no_batches = f"{{'{Move.STAGE_TO_RAW}': '', '{Move.RAW_TO_INTEGRATION}': ''}}"
    planned = f"$append($states.result.Payload, [$merge([$states.input, {{'batches': {no_batches}}}])])[0]"
    plannable = "{% $sift($states.input, function($value, $key) { $not($key in ['batches', 'pull']) }) %}"
    plan_again = plan(datasets=[plannable]) | {"Output": f"{{% {planned} %}}"}
    moved = {"Output": {"dataset": "{% $states.input.dataset %}", "moved": True}, "End": True}
    failed = _catch("$states.input.dataset", then="Failed")
    return {
        "StartAt": "New at its source?",
        "States": {
            "New at its source?": _choice("$states.input.pull", then="API to stage", otherwise="Plan the load"),
            "API to stage": _task(
                "glue:startJobRun.sync",
                JobName=names.job(Fetch.API_TO_STAGE),
                Arguments={"--dataset": "{% $states.input.dataset %}"},
            )
            | {"Output": "{% $states.input %}", "Next": "Plan the load"}
            | failed,
            "Plan the load": plan_again | {"Next": "Anything to do?"} | failed,
            "Anything to do?": _choice(f"{can_load} or {can_merge}", then="New in stage?", otherwise="Nothing new"),
            "Nothing new": {"Type": "Pass", "Output": {"dataset": "{% $states.input.dataset %}"}, "End": True},
            "New in stage?": _choice(can_load, then="Stage to raw", otherwise="Raw to integration"),
            "Stage to raw": _move(Move.STAGE_TO_RAW, names=names)
            | {"Output": "{% $states.input %}", "Next": "Plan the merge"}
            | failed,
            # A loaded batch is due in integration only if its gate does not block it.
            "Plan the merge": plan_again | {"Next": "Due in integration?"} | failed,
            "Due in integration?": _choice(can_merge, then="Raw to integration", otherwise="Loaded"),
            "Raw to integration": _move(Move.RAW_TO_INTEGRATION, names=names) | moved | failed,
            "Loaded": {"Type": "Pass"} | moved,
            "Failed": {"Type": "Pass", "End": True},
        },
    }


def _plan(*, names: Names, planner_arn: str, **datasets: object) -> Json:
    payload = {"environment": names.environment, **datasets}
    return _task("lambda:invoke", FunctionName=planner_arn, Payload=payload)


def _move(move: Move, *, names: Names) -> Json:
    return _task(
        "glue:startJobRun.sync",
        JobName=names.job(move),
        Arguments={
            "--dataset": "{% $states.input.dataset %}",
            "--batch_ids": f"{{% $states.input.batches.{move} %}}",
            "--parent": _this_run(names),
        },
        **{name: f"{{% $states.input.capacity.{name} %}}" for name in Capacity.__annotations__},
    )


def _this_run(names: Names) -> str:
    """Return the JSONata of `job/run` of the execution, the parent of its jobs in the lineage."""
    return f"{{% '{names.moves}/' & $states.context.Execution.Id %}}"


def _message(names: Names) -> str:
    failures = r"$join([$states.input[failed].('- ' & dataset & ': ' & failed)], '\n')"
    remedy = (
        "\\n\\nThe other datasets continued. Committed data is kept; there are no partial writes. "
        f"1. Check as operator: lakehouse status --env {names.environment}, and the logs under {names.log_prefix}. "
        f"2. Fix the cause and run as operator: lakehouse run --env {names.environment}. Without that, the next "
        "executions try again, with longer and longer pauses. Execution: "
    )
    return f"{{% 'These moves failed:\\n' & {failures} & '{remedy}' & $states.context.Execution.Id %}}"


def _catch(dataset: str, *, then: str, output: str = "%s") -> Json:
    result = output % (FAILURE % dataset)
    return {"Catch": [{"ErrorEquals": ["States.ALL"], "Output": f"{{% {result} %}}", "Next": then}]}


def _task(resource: str, **arguments: Any) -> Json:
    return {"Type": "Task", "Resource": f"arn:aws:states:::{resource}", "Arguments": arguments, "Retry": RETRY}


def _choice(condition: str, *, then: str, otherwise: str) -> Json:
    return {"Type": "Choice", "Choices": [{"Condition": f"{{% {condition} %}}", "Next": then}], "Default": otherwise}
