"""Domains: what each dataset has of its own, in a stack for each domain: alarms, rulesets, lines on a dashboard."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import attrgetter

from constructs import Construct

from lakehouse.contracts.model import Contract
from lakehouse.names import Names, Urgency
from stacks.domains.dashboard import graphs
from stacks.domains.dataset_alarms import dataset_alarms
from stacks.domains.parts import parts
from stacks.domains.rulesets import add_rulesets
from stacks.settings import Settings
from stacks.shared.alarms import add_alarm
from stacks.shared.dashboard import add_dashboard
from stacks.stack import LakehouseStack


class Domain(LakehouseStack):
    """Alarms and rulesets of the datasets of one domain, and their dashboard; a large domain has several such stacks.

    Args:
        domain: the domain.
        part: number of the part of the domain, from 0.
        contracts: the datasets of this part.
    """

    def __init__(
        self,
        scope: Construct,
        domain: str,
        *,
        part: int,
        names: Names,
        settings: Settings,
        contracts: Sequence[Contract],
    ) -> None:
        name = names.domain_part(domain, part=part)
        super().__init__(scope, name.replace("_", "-"), names=names, description=f"Datasets of the domain {domain}")
        topics = {urgency: self.arn("sns", resource=names.alerts_topic(urgency)) for urgency in Urgency}
        alarms = [alarm for contract in contracts for alarm in dataset_alarms(contract, names=names, settings=settings)]
        for alarm in alarms:
            add_alarm(self, alarm, topics=topics)
        add_rulesets(self, contracts)
        add_dashboard(
            self,
            "Dashboard",
            name=names.dashboard(domain, part=part),
            alarms=alarms,
            graphs=list(graphs(contracts, names=names)),
        )


def add_domains(
    scope: Construct, *, names: Names, settings: Settings, contracts: Sequence[Contract]
) -> Iterator[Domain]:
    """Add the stacks of all domains; a stack with a higher number takes datasets over and is deployed later."""
    by_domain = attrgetter("domain")
    for domain, datasets in groupby(sorted(contracts, key=by_domain), key=by_domain):
        previous: Domain | None = None
        for part, group in parts(datasets).items():
            stack = Domain(scope, domain, part=part, names=names, settings=settings, contracts=group)
            if previous is not None:
                stack.add_stack_dependency(previous)
            previous = stack
            yield stack
