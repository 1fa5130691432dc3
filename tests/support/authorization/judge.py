"""A second judge of recorded decisions: @cloud-copilot/iam-simulate, an independent evaluator on npm.

It is licensed under the AGPL and installed apart from this project, by `make test-authorization` alone.
"""

import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.support.authorization.decisions import Recorded, resource_policy
from tests.support.repository import ROOT

FOLDER = ROOT / ".authorization-judge"


def is_installed() -> bool:
    """Return whether the judge is installed."""
    return (FOLDER / "node_modules" / "@cloud-copilot" / "iam-simulate").is_dir()


def judge(decisions: Sequence[Recorded], policies: Mapping[str, Mapping[str, str]]) -> list[dict[str, Any]]:
    """Return the judge's result for each decision: `{"allowed": ...}`, or `{"error": ...}` if it cannot judge it.

    Args:
        decisions: decisions on requests of roles.
        policies: for each ARN of a role, its policy documents by name.
    """
    lines = []
    for decision in decisions:
        service = decision.action.partition(":")[0]
        of_bucket = decision.resource.partition("/")[0] if service == "s3" else decision.resource
        found = _policy(service, of_bucket, decision)
        simulation = {
            "request": {
                "principal": decision.principal,
                "action": decision.action,
                "resource": {"resource": decision.resource, "accountId": decision.account},
                "contextVariables": dict(decision.keys),
            },
            "identityPolicies": [
                {"name": name, "policy": json.loads(text)} for name, text in policies[decision.role or ""].items()
            ],
            "serviceControlPolicies": [],
            "resourceControlPolicies": [],
            **({"resourcePolicy": json.loads(found)} if found else {}),
        }
        lines.append(json.dumps(simulation))
    script = Path(__file__).with_suffix(".mjs")
    run = subprocess.run(
        ["node", script, FOLDER], input="\n".join(lines), stdout=subprocess.PIPE, text=True, check=True
    )
    return [json.loads(line) for line in run.stdout.splitlines()]


_found: dict[tuple[str, str], str | None] = {}


def _policy(service: str, resource: str, decision: Recorded) -> str | None:
    """Return the policy of a resource, which is read once."""
    if (service, resource) not in _found:
        _found[service, resource] = resource_policy(decision)
    return _found[service, resource]
