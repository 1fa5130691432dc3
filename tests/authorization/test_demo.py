"""`make test-authorization`: the demo and the verbs of the command line with authorization on, each under its role.

No request may be denied. Then each statement of each role's policies is taken away in turn, from the recorded requests:
one whose loss denies nothing needs a reason in `over_grants.yaml`. A second judge decides on the same requests.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml

from lakehouse.names import Names
from local import lake
from local.lake import Lake
from local.profiles import acting_as
from tests.support.authorization import decisions, grants, judge
from tests.support.authorization.decisions import Recorded
from tests.support.demo.finished_demo import finish
from tests.support.repository import ROOT

pytestmark = pytest.mark.timeout(3600)

REASONS = Path(__file__).with_name("over_grants.yaml")
MAIN = "from lakehouse.cli.main import main; main()"
# docs/deploy.md, "Run": verb -> role.
VERBS = [
    ("operator", "run"),
    ("operator", "status"),
    ("operator", "lineage", "sales_by_region_month.net_revenue"),
    ("operator", "quarantine", "store_sales"),
    ("tables", "tables", "plan"),
    ("tables", "maintain"),
    ("engineer", "query", "select count(*) from lakehouse_dev_raw.orders", "--role", "engineer"),
    ("steward", "query", "select count(*) from lakehouse_dev_raw.orders", "--role", "steward"),
    ("analyst", "query", "select count(*) from lakehouse_dev_curated.dim_customer", "--role", "analyst"),
]


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    before = dict(os.environ)
    os.environ["LAKEHOUSE_LOCAL_AUTHORIZATION"] = os.environ.get("LAKEHOUSE_LOCAL_AUTHORIZATION", "on")
    root = tmp_path_factory.mktemp("authorization")
    yield lake.up(root)
    lake.down(root)
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture(scope="module")
def aws(started: Lake) -> Any:
    return started.server


@pytest.fixture(scope="module")
def requests(started: Lake) -> list[Recorded]:
    """The decisions on the requests of the demo, the verbs, and an execution of the state machine."""
    finish(started)
    for role, *arguments in VERBS:
        with acting_as(started.server, role):
            run(*arguments)
    with acting_as(started.server, "engineer"):
        sql = "select min(customer_id) as id from lakehouse_dev_integration.customers"
        customer = run("query", sql, "--role", "engineer", "--format", "csv").split()[1]
    with acting_as(started.server, "erasure"):
        run("erase", "customers", "--key", customer, "--dry-run")
    with acting_as(started.server, "operator"):
        execute(started.names)
    return decisions.recorded(started.server.root)


@pytest.fixture(scope="module")
def policies(requests: list[Recorded]) -> Mapping[str, Mapping[str, str]]:
    return decisions.identity_policies()


def run(*arguments: str) -> str:
    command = [sys.executable, "-c", MAIN, *arguments]
    finished = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert finished.returncode == 0, (arguments, finished.stderr)
    return finished.stdout


def execute(names: Names) -> None:
    client: Any = boto3.client("stepfunctions")
    machine = f"arn:aws:states:{names.region}:{names.account}:stateMachine:{names.moves}"
    execution = client.start_execution(stateMachineArn=machine, input="{}")["executionArn"]
    while (found := client.describe_execution(executionArn=execution))["status"] == "RUNNING":
        time.sleep(0.5)
    assert found["status"] == "SUCCEEDED", found


def test_no_request_is_denied(requests: list[Recorded]) -> None:
    denied = sorted({(r.role or r.principal, r.action, r.resource, r.reason) for r in requests if not r.allowed})
    assert denied == [], "\n".join(map(str, denied))


def test_every_over_grant_has_a_reason(requests: list[Recorded], policies: Mapping[str, Mapping[str, str]]) -> None:
    reasons = yaml.safe_load(REASONS.read_text())
    unexplained = []
    for role in grants.roles(policies, requests):
        if role.granted:
            pass
        for statement in role.unneeded:
            reason = next((r for r in reasons if applies(r, role.name, statement)), None)
            if reason is None:
                unexplained.append(f"{role.name} {statement} {role.unused.get(statement, ())}")
    assert unexplained == [], "\n".join(unexplained)


def applies(reason: Mapping[str, str], role: str, statement: str) -> bool:
    return fnmatchcase(role, reason["role"]) and fnmatchcase(statement.rpartition("#")[2], reason["statement"])


def test_the_second_judge_agrees(requests: list[Recorded], policies: Mapping[str, Mapping[str, str]]) -> None:
    if not judge.is_installed():
        pytest.skip("@cloud-copilot/iam-simulate is not installed: run `make test-authorization`")
    of_roles = [r for r in requests if r.role and policies.get(r.role)]
    results = judge.judge(of_roles, policies)
    judged = [(r, found) for r, found in zip(of_roles, results, strict=True) if "error" not in found]
    differing = [(r.role, r.action, r.resource, r.allowed) for r, found in judged if found["allowed"] != r.allowed]
    assert differing == [], "\n".join(map(str, differing))
    errors = {
        (r.action, str(found["error"])[:200]) for r, found in zip(of_roles, results, strict=True) if "error" in found
    }
    assert len(judged) > 0.9 * len(of_roles), "\n".join(map(str, sorted(errors)))
