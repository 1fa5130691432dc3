"""`make test-authorization`: the demo and the verbs of the command line, each under its role.

No request may be denied. Then each statement of each role's policies, and each grant of Lake Formation, is taken away
in turn from the recorded decisions: one whose loss changes nothing needs a reason in `over_grants.yaml`. A second judge
decides on the same requests. At the end the deployment is destroyed by the roles of the CDK.
"""

import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml
from botocore.exceptions import ClientError

from lakehouse.governance.roles import ROLES
from lakehouse.names import Names
from local import cdk, emulator_server, lake
from local.lake import Lake
from local.profiles import acting_as
from tests.support.authorization import decisions, grants, judge, lake_grants, matrix
from tests.support.authorization.decisions import Recorded
from tests.support.authorization.lake_grants import LakeDecision
from tests.support.demo.command_line import cli
from tests.support.demo.finished_demo import Demo, finish

pytestmark = pytest.mark.timeout(3600)

REASONS = Path(__file__).with_name("over_grants.yaml")
SALES = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
SALE = "599009,85123A,WHITE HANGING HEART,6,2026-01-05 08:26:00,2.55,17850,United Kingdom\n"
Step = Callable[[], object]
CDK_ROLES = ("deploy", "file-publishing", "cfn-exec")


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What the roles of a deployment hold and what they did.

    Attributes:
        requests: the decisions of IAM.
        policies: for each ARN of a role, its policy documents by name.
        lake: the decisions of Lake Formation.
        grants: the grants of Lake Formation to roles.
        sights: what Athena answered each role of people, compared with `lakehouse access`.
        asked: number of decisions of IAM and of Lake Formation before that comparison, which asks for what is not a
            role's.
        failures: what a role could not do.
    """

    requests: list[Recorded]
    policies: Mapping[str, Mapping[str, str]]
    lake: list[LakeDecision]
    grants: list[dict[str, Any]]
    sights: Mapping[str, matrix.Sights]
    asked: tuple[int, int]
    failures: list[str]

    def uses(self) -> list[grants.Role]:
        return grants.roles(self.policies, self.requests)


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
def demo(started: Lake) -> Demo:
    """The demo: deployment by the CDK's roles, `tables apply` from nothing, moves and models, each under its role."""
    return finish(started)


@pytest.fixture(scope="module")
def measured(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Measured:
    """The demo, an execution of the state machine with new data, and the verbs of docs/deploy.md under their roles."""
    server, names, sale = demo.lake.server, demo.lake.names, tmp_path_factory.mktemp("till") / "sale.csv"
    sale.write_text(SALES + SALE)
    failures: list[str] = []

    def act(role: str, *steps: Step) -> None:
        """Make steps as a role; one that fails is reported at the end, and hides no other."""
        with acting_as(server, role):
            for step in steps:
                try:
                    step()
                except (AssertionError, ClientError) as error:
                    failures.append(f"{role}: {error}")

    def verb(*arguments: str | Path) -> Step:
        return lambda: cli(*arguments)

    act(
        "operator",
        verb("ingest", "store_sales", sale),
        lambda: execute(names),
        lambda: start_and_stop_a_build(names),
        verb("status"),
        verb("lineage", "sales_by_region_month.net_revenue"),
        verb("quarantine", "store_sales"),
        verb("run"),
        verb("rerun", "store_sales", "store_sales-00000001"),
        verb("backfill", "store_sales", "--from", day(0), "--to", day(1)),
        verb("pull", "exchange_rates"),
        verb("reconcile", "customers"),
        verb("diff", "raw.store_sales"),
        verb("build", "dim_customer"),
    )
    act("tables", verb("tables", "plan"), verb("tables", "apply"), verb("maintain"))
    for role in ROLES:
        act(role, verb("query", "select 1 as one"))
    person = ("--key", a_customer(demo), "--with-related")
    act("erasure", verb("erase", "customers", *person, "--dry-run"), verb("erase", "customers", *person, "--yes"))
    asked = len(decisions.recorded(server.root)), len(lake_grants.recorded(server.root))
    sights = {role: matrix.check(demo, role, hidden_columns=1) for role in ROLES}
    return Measured(
        requests=decisions.recorded(server.root),
        policies=decisions.identity_policies(),
        lake=lake_grants.recorded(server.root),
        grants=lake_grants.granted(),
        sights=sights,
        asked=asked,
        failures=failures,
    )


def a_customer(demo: Demo) -> str:
    sql = "select min(customer_id) as id from lakehouse_dev_integration.customers where not _is_deleted"
    with acting_as(demo.lake.server, "engineer"):
        return cli("query", sql, "--format", "csv").split()[1]


def day(later: int) -> str:
    return time.strftime("%Y-%m-%d", time.gmtime(time.time() + 86_400 * later))


def execute(names: Names) -> None:
    client: Any = boto3.client("stepfunctions")
    machine = f"arn:aws:states:{names.region}:{names.account}:stateMachine:{names.moves}"
    execution = client.start_execution(stateMachineArn=machine, input="{}")["executionArn"]
    while (found := client.describe_execution(executionArn=execution))["status"] == "RUNNING":
        time.sleep(0.5)
    assert found["status"] == "SUCCEEDED", found


def start_and_stop_a_build(names: Names) -> None:
    client = boto3.client("codebuild")
    build = client.start_build(projectName=names.dbt_project)["build"]["id"]
    assert client.batch_get_builds(ids=[build])["builds"]
    client.stop_build(id=build)


def stop_replications() -> None:
    """Stop them, as docs/deploy.md asks for before a deployment is destroyed."""
    dms: Any = boto3.client("dms")
    for replication in dms.describe_replications()["Replications"]:
        own = {"Name": "replication-config-arn", "Values": [replication["ReplicationConfigArn"]]}
        dms.stop_replication(ReplicationConfigArn=replication["ReplicationConfigArn"])
        while dms.describe_replications(Filters=[own])["Replications"][0]["Status"] != "stopped":
            time.sleep(0.5)


def show(text: str) -> None:
    """Print a line of the report; `make test-authorization` shows it."""
    sys.stdout.write(f"{text}\n")


def denials(requests: list[Recorded]) -> str:
    denied = {(r.role or r.principal, r.action, r.resource, r.reason) for r in requests if not r.allowed}
    return "\n".join(map(str, sorted(denied)))


def test_every_verb_succeeds(measured: Measured) -> None:
    assert measured.failures == [], "\n\n".join(measured.failures)


def test_no_request_is_denied(measured: Measured) -> None:
    requests, of_lake = measured.requests[: measured.asked[0]], measured.lake[: measured.asked[1]]
    refused = sorted(
        {(decision.principal, decision.permission, decision.on) for decision in of_lake if not decision.allowed}
    )
    show(f"{len(requests):,} decisions of IAM, {len(of_lake):,} of Lake Formation")
    show(f"denied: {sum(not request.allowed for request in requests)} by IAM, {len(refused)} by Lake Formation")
    assert denials(requests) == ""
    assert refused == []


def test_every_part_acted_under_its_role(measured: Measured) -> None:
    kinds = {r.kind for r in measured.requests}
    assert "root" not in kinds
    acting = {r.role.rpartition("/")[2] for r in measured.requests if r.role}
    show(f"{len(acting)} roles acted: {', '.join(sorted(acting))}")
    for part in CDK_ROLES:
        assert any(role.startswith("cdk-") and f"-{part}-role" in role for role in acting), part


def test_every_over_grant_has_a_reason(measured: Measured) -> None:
    reasons = yaml.safe_load(REASONS.read_text())
    unexplained = []
    show("role: used of granted actions")
    for role in measured.uses():
        show(f"  {role.name}: {role.used} of {role.granted}, {role.used / max(role.granted, 1):.0%}")
    show("statements that no request needs: role, statement, reason")
    for role in measured.uses():
        for statement in role.unneeded:
            sid = statement.rpartition("#")[2]
            reason = reason_of(reasons, role.name, statement=sid)
            show(f"  {role.name}, {sid}: {reason}")
            if reason is None:
                unexplained.append(f"{role.name} {statement} {role.unused.get(statement, ())}")
    assert unexplained == [], "\n".join(unexplained)


def test_every_grant_of_lake_formation_has_a_use_or_a_reason(measured: Measured) -> None:
    reasons = yaml.safe_load(REASONS.read_text())
    found = list(lake_grants.uses(measured.grants, measured.lake))
    used, granted = (sum(len(getattr(one, member)) for one in found) for member in ("used", "permissions"))
    show(f"{len(found)} grants of Lake Formation; {used} of {granted} permissions are used")
    show("grants that nothing needs: role, grant, reason")
    unexplained = []
    for grant in found:
        if grant.is_needed:
            continue
        reason = reason_of(reasons, grant.role, grant=grant.resource)
        show(f"  {grant.role}, {grant.resource}: {reason}")
        if reason is None:
            unexplained.append(f"{grant.role} {grant.resource} {grant.permissions}, used {grant.used}")
    assert found
    assert unexplained == [], "\n".join(unexplained)


def test_reasons_that_nothing_needs_are_shown(measured: Measured) -> None:
    unneeded = [(role.name, "statement", text.rpartition("#")[2]) for role in measured.uses() for text in role.unneeded]
    unneeded += [
        (one.role, "grant", one.resource)
        for one in lake_grants.uses(measured.grants, measured.lake)
        if not one.is_needed
    ]
    idle = [
        (entry["role"], text)
        for entry in yaml.safe_load(REASONS.read_text())
        for kind in ("statement", "grant")
        if (text := entry.get(kind))
        and not any(k == kind and fnmatchcase(r, entry["role"]) and fnmatchcase(t, text) for r, k, t in unneeded)
    ]
    show(f"reasons for what this run needs, or for what is gone: {idle}")


def reason_of(reasons: list[dict[str, str]], role: str, **what: str) -> str | None:
    """Return the first reason for a statement or a grant."""
    [(kind, text)] = what.items()
    fitting = (r for r in reasons if kind in r and fnmatchcase(role, r["role"]) and fnmatchcase(text, r[kind]))
    return next((r["reason"] for r in fitting), None)


@pytest.mark.usefixtures("aws")
def test_the_second_judge_agrees(measured: Measured) -> None:
    if not judge.is_installed():
        pytest.skip("@cloud-copilot/iam-simulate is not installed: run `make test-authorization`")
    of_roles = [r for r in measured.requests if r.role and measured.policies.get(r.role)]
    results = judge.judge(of_roles, measured.policies)
    judged = [(r, found) for r, found in zip(of_roles, results, strict=True) if "error" not in found]
    differing = [(r.role, r.action, r.resource, r.allowed) for r, found in judged if found["allowed"] != r.allowed]
    errors = {
        (r.action, str(found["error"])[:200]) for r, found in zip(of_roles, results, strict=True) if "error" in found
    }
    show(
        f"the second judge agrees on {len(judged) - len(differing):,} of {len(judged):,} requests of roles; it cannot "
        f"judge {len(of_roles) - len(judged):,}: {', '.join(sorted({action for action, _ in errors})) or 'none'}"
    )
    assert differing == [], "\n".join(map(str, differing))
    assert len(judged) > 0.9 * len(of_roles), "\n".join(map(str, sorted(errors)))


def test_what_athena_answers_each_role_is_what_its_contracts_say(measured: Measured) -> None:
    show("role: columns that Athena shows and hides, tables with a shown column; each as `lakehouse access` says")
    for role, found in measured.sights.items():
        show(f"  {role}: {found.shown} shown, {found.hidden} hidden, {found.tables} tables")
        assert found.shown


@pytest.mark.usefixtures("aws")
def test_the_deployment_is_destroyed_by_the_roles_of_the_cdk(demo: Demo, measured: Measured) -> None:
    server = demo.lake.server
    stop_replications()
    cdk.run(server, "destroy", "--all", "--app", str(server.root / "cdk.out"), "--force")
    requests = decisions.recorded(server.root)
    show(f"destroyed, minimal: {len(requests) - len(measured.requests):,} more decisions")
    assert denials(requests[len(measured.requests) :]) == ""


def test_the_standard_profile_is_deployed_and_destroyed_by_the_roles_of_the_cdk(tmp_path: Path) -> None:
    server = emulator_server.start(tmp_path)
    try:
        cdk.deploy(server, "profile=standard")
        cdk.run(server, "destroy", "--all", "--app", str(server.root / "cdk.out"), "--force")
        requests = decisions.recorded(server.root)
    finally:
        lake.down(tmp_path)
    show(f"deployed and destroyed, standard: {len(requests):,} decisions")
    assert denials(requests) == ""
    acting = {r.role for r in requests if r.role}
    assert all(any(f"-{part}-role" in str(role) for role in acting) for part in CDK_ROLES)
