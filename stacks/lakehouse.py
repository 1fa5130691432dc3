"""One deployment of the lakehouse: all its stacks."""

from collections.abc import Sequence
from itertools import groupby, pairwise
from operator import attrgetter
from pathlib import Path

from aws_cdk import Stage, Tags

from lakehouse.contracts.model import Contract
from lakehouse.names import Names
from stacks.analytics.stack import Analytics
from stacks.arrivals.stack import Arrivals
from stacks.audit.stack import Audit
from stacks.catalog.stack import Catalog
from stacks.connections.stack import Connections
from stacks.domains.stack import add_domains
from stacks.governance.stack import Governance
from stacks.ingestion.stack import Ingestion
from stacks.kafka.stack import Kafka
from stacks.network.stack import Network
from stacks.observability.stack import Observability
from stacks.orchestration.stack import Orchestration
from stacks.processing.stack import Processing
from stacks.scheduling.stack import Scheduling
from stacks.settings import Settings
from stacks.shared.function_logs import log_custom_resources
from stacks.stack import LakehouseStack
from stacks.storage.stack import Storage
from stacks.streaming.stack import Streaming


def add_lakehouse(stage: Stage, *, names: Names, settings: Settings, contracts: Sequence[Contract], root: Path) -> None:
    """Add the stacks of one environment to a stage, which may be the app itself.

    Args:
        stage: the stacks that are deployed together.
        names: names of the deployment.
        settings: settings of its environment.
        contracts: its datasets.
        root: the repository, with the code of the jobs.
    """
    storage = Storage(stage, names=names, settings=settings)
    governance = Governance(stage, names=names, settings=settings, key=storage.key, contracts=contracts)
    catalog = Catalog(stage, names=names)
    processing = Processing(stage, names=names, settings=settings, key=storage.key, root=root)
    audit = Audit(stage, names=names, settings=settings, key=storage.key, access_logs=storage.access_logs)
    for governed in (catalog, processing, audit):
        governed.add_stack_dependency(governance)
    Analytics(stage, names=names, settings=settings, key=storage.key)
    Arrivals(stage, names=names, settings=settings, key=storage.key)
    if settings.orchestration.engine == "step-functions":
        Scheduling(
            stage, names=names, settings=settings, key=storage.key, contracts=contracts, root=root
        ).add_stack_dependency(governance)
    databases = by_source(contracts, "postgresql", "mysql")
    clusters = by_source(contracts, "kafka") if settings.streaming.kafka else {}
    replications: dict[str, str] = {}
    # A network costs money, so it exists only if something runs in it.
    if databases or clusters or settings.orchestration.engine == "mwaa":
        network = Network(stage, names=names, settings=settings, flow_logs=storage.access_logs)
        if settings.orchestration.engine == "mwaa":
            Orchestration(
                stage,
                names=names,
                settings=settings,
                key=storage.key,
                network=network,
                contracts=contracts,
                root=root,
            ).add_stack_dependency(governance)
        if databases:
            replications = Ingestion(
                stage, names=names, settings=settings, key=storage.key, network=network, databases=databases
            ).replications
        if clusters:
            Kafka(stage, names=names, settings=settings, key=storage.key, network=network, sources=clusters)
    if streams := by_source(contracts, "kinesis"):
        Streaming(stage, names=names, settings=settings, key=storage.key, sources=streams)
    if apis := by_source(contracts, "api"):
        Connections(
            stage, names=names, settings=settings, key=storage.key, root=root, sources=apis
        ).add_stack_dependency(processing)
    observability = Observability(
        stage,
        names=names,
        settings=settings,
        key=storage.key,
        contracts=contracts,
        replications=replications,
        root=root,
    )
    # Earlier releases had alarms in observability and rulesets in catalog, which have to let them go first.
    for domain in add_domains(stage, names=names, settings=settings, contracts=contracts):
        domain.add_stack_dependency(observability)
        domain.add_stack_dependency(catalog)
    _in_order(stage)
    log_custom_resources(stage, names=names, settings=settings, key=storage.key)
    for tag, value in (("project", names.project), ("environment", names.environment)):
        Tags.of(stage).add(tag, value)


def _in_order(stage: Stage) -> None:
    """Deploy the stacks that change Lake Formation one after the other; it refuses changes at the same time."""
    changing = [stack for stack in stage.node.children if isinstance(stack, LakehouseStack) and stack.changes_lake]
    for earlier, later in pairwise(changing):
        later.add_stack_dependency(earlier)


def by_source(contracts: Sequence[Contract], *types: str) -> dict[str, list[Contract]]:
    """Return the contracts whose source has one of these types, by the name of the source; both in order."""
    name = attrgetter("source.name")
    matching = sorted((contract for contract in contracts if contract.source.type in types), key=name)
    return {source: list(group) for source, group in groupby(matching, key=name)}
