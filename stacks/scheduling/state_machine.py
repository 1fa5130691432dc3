"""The moves of all datasets as a state machine, in the Amazon States Language with JSONata.

    alone? -> plan -> for each dataset with work: pull from its API, load, plan again, merge -> dbt -> tell

A dataset that fails stops, the others go on; dbt builds on what there is. Nothing is kept between executions.

Source: AWS Step Functions developer guide, "Transforming data with JSONata" and "Start an AWS Glue job".
"""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from lakehouse.contracts.model import Contract
from lakehouse.names import Fetch, Move, Names
from lakehouse.operations import dbt
from lakehouse.operations.planner import planner_input
from lakehouse.sizes import Capacity

Json = dict[str, Any]

BUSY = ["Glue.ConcurrentRunsExceededException", "Glue.ResourceNumberLimitExceededException"]
PASSING = [
    *("Glue.InternalServiceException", "Glue.OperationTimeoutException", "Glue.ThrottlingException"),
    *("Lambda.ServiceException", "Lambda.AWSLambdaException", "Lambda.SdkClientException"),
    *("Lambda.TooManyRequestsException", "CodeBuild.ThrottlingException", "CodeBuild.SdkClientException"),
    *("Sfn.ThrottlingException", "Sfn.SdkClientException"),
]
RETRY = [
    # Another run has to end first, which may take as long as a run may take.
    {"ErrorEquals": BUSY, "IntervalSeconds": 15, "BackoffRate": 1.5, "MaxDelaySeconds": 300, "MaxAttempts": 50},
    {"ErrorEquals": PASSING, "IntervalSeconds": 2, "BackoffRate": 2, "MaxAttempts": 6, "JitterStrategy": "FULL"},
]
# A JSONata object in which the next state finds who failed and why; Glue's cause is the whole record of the run.
WHY = "{'dataset': %s, 'failed': $states.errorOutput.Error & ': ' & $substring($states.errorOutput.Cause, 0, 1000)}"


def definition(
    contracts: Iterable[Contract], *, names: Names, concurrency: int, planner_arn: str, machine_arn: str, topic_arn: str
) -> Json:
    """The state machine.

    Args:
        contracts: the datasets that it moves.
        names: names of the deployment.
        concurrency: how many datasets move at a time.
        planner_arn: of the function of `lakehouse.operations.planner`.
        machine_arn: of the state machine itself.
        topic_arn: of the topic that it notifies.
    """
    plan = partial(_plan, names=names, planner_arn=planner_arn)
    return {
        "Comment": f"What waits in {names.prefix} moves on; generated from the contracts",
        "QueryLanguage": "JSONata",
        "StartAt": "Executions",
        "States": {
            "Executions": _task(
                "aws-sdk:sfn:listExecutions", StateMachineArn=machine_arn, StatusFilter="RUNNING", MaxResults=2
            )
            | {"Output": "{% $count($states.result.Executions) %}", "Next": "Alone?"}
            | _catch("'moves'", then="Tell", output="[%s]"),
            "Alone?": _choice("$states.input > 1", then="The last one goes on", otherwise="Plan"),
            "The last one goes on": {"Type": "Succeed"},
            "Plan": plan([planner_input(contract) for contract in contracts])
            | {"Output": "{% $states.result.Payload %}", "Next": "Datasets"}
            | _catch("'planner'", then="Tell", output="[%s]"),
            "Datasets": {
                "Type": "Map",
                "Items": "{% $states.input %}",
                "MaxConcurrency": concurrency,
                "ItemProcessor": {"ProcessorConfig": {"Mode": "INLINE"}, **_dataset(names, plan=plan)},
                "Next": "Anything moved?",
            },
            "Anything moved?": _choice("$count($states.input[moved]) > 0", then="Curated", otherwise="All well?"),
            "Curated": _task(
                "codebuild:startBuild.sync",
                ProjectName=names.dbt_project,
                EnvironmentVariablesOverride=[{"Name": dbt.PARENT, "Value": _this_run(names)}],
            )
            | {"Output": "{% $states.input %}", "Next": "All well?"}
            | _catch("'dbt'", then="All well?", output="$append($states.input, %s)"),
            "All well?": _choice("$count($states.input[failed]) > 0", then="Tell", otherwise="Done"),
            "Done": {"Type": "Succeed"},
            "Tell": _task(
                "sns:publish",
                TopicArn=topic_arn,
                Subject=f"{names.prefix}: moves failed",
                Message=_message(names),
            )
            | {"Next": "Some failed"},
            "Some failed": {"Type": "Fail", "Error": "MovesFailed", "Cause": "The SNS message says which and why."},
        },
    }


def _dataset(names: Names, *, plan: Callable[[object], Json]) -> Json:
    """The moves of one dataset, for which the planner found something to do."""
    load, merge = (f"$states.input.batches.{move} != ''" for move in (Move.STAGE_TO_RAW, Move.RAW_TO_INTEGRATION))
    nothing = f"{{'{Move.STAGE_TO_RAW}': '', '{Move.RAW_TO_INTEGRATION}': ''}}"
    planned = f"$append($states.result.Payload, [$merge([$states.input, {{'batches': {nothing}}}])])[0]"
    again = plan(["{% $sift($states.input, function($value, $key) { $not($key in ['batches', 'pull']) }) %}"]) | {
        "Output": f"{{% {planned} %}}"
    }
    moved = {"Output": {"dataset": "{% $states.input.dataset %}", "moved": True}, "End": True}
    failed = _catch("$states.input.dataset", then="Stands still")
    return {
        "StartAt": "New at its source?",
        "States": {
            "New at its source?": _choice("$states.input.pull", then="API to stage", otherwise="New in stage?"),
            "API to stage": _task(
                "glue:startJobRun.sync",
                JobName=names.job(Fetch.API_TO_STAGE),
                Arguments={"--dataset": "{% $states.input.dataset %}"},
            )
            | {"Output": "{% $states.input %}", "Next": "Plan what came"}
            | failed,
            "Plan what came": again | {"Next": "Anything to do?"} | failed,
            "Anything to do?": _choice(f"{load} or {merge}", then="New in stage?", otherwise="Nothing new"),
            "Nothing new": {"Type": "Pass", "Output": {"dataset": "{% $states.input.dataset %}"}, "End": True},
            "New in stage?": _choice(load, then="Stage to raw", otherwise="Raw to integration"),
            "Stage to raw": _move(Move.STAGE_TO_RAW, names=names)
            | {"Output": "{% $states.input %}", "Next": "Plan again"}
            | failed,
            # What was loaded is due in integration only if its gate lets it go on.
            "Plan again": again | {"Next": "Due in integration?"} | failed,
            "Due in integration?": _choice(merge, then="Raw to integration", otherwise="Loaded"),
            "Raw to integration": _move(Move.RAW_TO_INTEGRATION, names=names) | moved | failed,
            "Loaded": {"Type": "Pass"} | moved,
            "Stands still": {"Type": "Pass", "End": True},
        },
    }


def _plan(datasets: object, *, names: Names, planner_arn: str) -> Json:
    payload = {"environment": names.environment, "datasets": datasets}
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
    """`job/run` of the execution, as the lineage of what it starts names it."""
    return f"{{% '{names.moves}/' & $states.context.Execution.Id %}}"


def _message(names: Names) -> str:
    each = r"$join([$states.input[failed].('- ' & dataset & ': ' & failed)], '\n')"
    remedy = (
        f"\\n\\nThe others went on, and what was committed stays. Details: lakehouse status --env {names.environment}; "
        f"logs under {names.log_prefix}. Mend it, then lakehouse run --env {names.environment}; else the next "
        "executions try again, with longer and longer pauses. Execution: "
    )
    return f"{{% 'These stand still:\\n' & {each} & '{remedy}' & $states.context.Execution.Id %}}"


def _catch(who: str, *, then: str, output: str = "%s") -> Json:
    found = output % (WHY % who)
    return {"Catch": [{"ErrorEquals": ["States.ALL"], "Output": f"{{% {found} %}}", "Next": then}]}


def _task(resource: str, **arguments: Any) -> Json:
    return {"Type": "Task", "Resource": f"arn:aws:states:::{resource}", "Arguments": arguments, "Retry": RETRY}


def _choice(condition: str, *, then: str, otherwise: str) -> Json:
    return {"Type": "Choice", "Choices": [{"Condition": f"{{% {condition} %}}", "Next": then}], "Default": otherwise}
