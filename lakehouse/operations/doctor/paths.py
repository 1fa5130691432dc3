"""The paths that data takes: what was deployed answers, and a record has gone all the way."""

from collections.abc import Iterator

from lakehouse.batches import attempts
from lakehouse.batches.attempts import FAILED, Attempt, last_successes
from lakehouse.engine import athena, catalog
from lakehouse.governance.roles import ROLES
from lakehouse.governance.tags import Area
from lakehouse.names import Move, OpsTable
from lakehouse.operations import smoke
from lakehouse.operations.doctor.check import Deployment, Finding, client, each, failed, not_checked, passed, passed_if


def check_smoke(deployment: Deployment) -> Iterator[Finding]:
    """Make the checks of `lakehouse smoke`: jobs, active contracts, Athena."""
    for check in smoke.checks(deployment.contracts, names=deployment.names):
        yield failed(check.subject, check.problem) if check.problem else passed(check.subject)


def check_moves(deployment: Deployment) -> Iterator[Finding]:
    """Check for each kind of source that a record of it has reached integration, and that the last attempt worked."""
    recorded: dict[str, list[Attempt]] = {}
    for attempt in attempts.read(catalog.load(), names=deployment.names):
        recorded.setdefault(attempt.dataset, []).append(attempt)
    kinds: dict[str, list[str]] = {}
    for contract in deployment.contracts:
        kinds.setdefault(contract.source.type, []).append(contract.dataset)
    for kind, datasets in sorted(kinds.items()):
        subject = f"path of {kind} sources"
        failing = [name for name in datasets if recorded.get(name) and recorded[name][-1].state == FAILED]
        arrived = [name for name in datasets if last_successes(recorded.get(name, ()), Move.RAW_TO_INTEGRATION)]
        if failing:
            yield failed(subject, f"{recorded[failing[0]][-1].move} of {failing[0]}: {recorded[failing[0]][-1].error}")
        elif arrived:
            yield passed(subject, f"{', '.join(arrived)} reached integration")
        else:
            yield not_checked(subject, f"no record of {', '.join(datasets)} has reached integration")


def check_deliveries(deployment: Deployment) -> Iterator[Finding]:
    """Check that Firehose could start the delivery of each Kinesis source."""
    sources = sorted({item.source.name for item in deployment.contracts if item.source.type == "kinesis"})

    def delivery(source: str) -> Finding:
        name = deployment.names.delivery(source=source)
        found = client("firehose").describe_delivery_stream(DeliveryStreamName=name)["DeliveryStreamDescription"]
        status, problem = found["DeliveryStreamStatus"], found.get("FailureDescription", {}).get("Details", "")
        return passed_if(status == "ACTIVE", name, f"{status} {problem}".strip())

    yield from each(sources, delivery)


def check_queries(role: str, deployment: Deployment) -> Iterator[Finding]:
    """Check that people of a role query in their workgroup, and read a row through Lake Formation, S3 and the key."""
    names, reads = deployment.names, ROLES[role].reads
    statements = ["select 1"]
    if Area.OPS in reads:
        table = f"{names.ops_database}.{OpsTable.BATCHES}"
        statements.append(f"select dataset from {table} limit 1")  # noqa: S608 - only names of this library

    def ask(statement: str) -> Finding:
        workgroup, database = names.workgroup_of(role), ROLES[role].database(names)
        result = athena.query(client("athena"), statement, names=names, workgroup=workgroup, database=database)
        return passed(statement, f"{len(list(result.rows))} row(s)")

    yield from each(statements, ask)
