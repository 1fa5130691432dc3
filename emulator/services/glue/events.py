"""What Glue tells EventBridge: that a job run has ended, and how.

Source: AWS Glue developer guide, "Automating AWS Glue with EventBridge".
"""

import json

from ministack.services import eventbridge  # type: ignore[import-untyped]

from emulator.runtime.plugin import Json

SEVERITIES = {"SUCCEEDED": "INFO", "STOPPED": "INFO", "TIMEOUT": "WARN", "FAILED": "ERROR"}


def run_ended(run: Json) -> None:
    """Put the event of a run that has ended, under the run's account and region."""
    state = run["JobRunState"]
    detail = {
        "jobName": run["JobName"],
        "severity": SEVERITIES[state],
        "state": state,
        "jobRunId": run["Id"],
        "message": run.get("ErrorMessage", f"Job run {state.lower()}"),
    }
    entry = {"Source": "aws.glue", "DetailType": "Glue Job State Change", "Detail": json.dumps(detail)}
    # Nobody but a service may put events of `aws.` sources, so not through the API.
    eventbridge._put_events({"Entries": [entry]}, allow_aws_source=True)
