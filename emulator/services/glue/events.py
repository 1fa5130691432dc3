"""The events that Glue sends to EventBridge when a job run ends.

Source: AWS Glue developer guide, "Automating AWS Glue with EventBridge".
"""

import json

from ministack.services import eventbridge  # type: ignore[import-untyped]

from emulator.runtime.plugin import Json

SEVERITIES = {"SUCCEEDED": "INFO", "STOPPED": "INFO", "TIMEOUT": "WARN", "FAILED": "ERROR"}


def run_ended(run: Json) -> None:
    """Send the event of a run that has ended, under the account and region of the run."""
    state = run["JobRunState"]
    detail = {
        "jobName": run["JobName"],
        "severity": SEVERITIES[state],
        "state": state,
        "jobRunId": run["Id"],
        "message": run.get("ErrorMessage", f"Job run {state.lower()}"),
    }
    entry = {"Source": "aws.glue", "DetailType": "Glue Job State Change", "Detail": json.dumps(detail)}
    # The API does not accept events of `aws.` sources; only services send them.
    eventbridge._put_events({"Entries": [entry]}, allow_aws_source=True)
