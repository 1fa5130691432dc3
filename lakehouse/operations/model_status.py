"""The status of each model: when it was last published, what was refused since, and which tables it waits for."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from lakehouse.lineage.graph import Graph
from lakehouse.maintenance.models import Candidate
from lakehouse.names import Names, Zone
from lakehouse.releases.release import Release


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelStatus:
    """The status of one model.

    Attributes:
        name: `zone.table`.
        published: time of the last release in which it changed; None if none of the kept ones has it.
        refused: newest candidate that was refused since; None if there is none.
        waits_for: refused models and blocked datasets that it is built from, as `zone.table`.
    """

    name: str
    published: datetime | None
    refused: Candidate | None
    waits_for: tuple[str, ...]


def model_statuses(
    releases: Sequence[Release],
    candidates: Iterable[Candidate],
    *,
    datasets: Iterable[str],
    blocked: Iterable[str],
    graph: Graph,
    names: Names,
) -> list[ModelStatus]:
    """Return the status of each model that has been built.

    Args:
        releases: all releases, oldest first.
        candidates: tables that builds made and did not publish, oldest first.
        datasets: all datasets; all other tables of a release are models.
        blocked: datasets that a gate blocks.
        graph: lineage.
        names: names of the deployment.
    """
    published = {name: one.released_at for one in releases for name in one.changed}
    zones = {names.database(zone): zone for zone in (Zone.INTEGRATION, Zone.CURATED)}
    refused = {
        name: candidate
        for candidate in candidates
        for name in (f"{zones[candidate.database]}.{candidate.model}",)
        if candidate.reason and (name not in published or candidate.created > published[name])
    }
    tables = set(releases[-1].tables) if releases else set()
    models = (tables | refused.keys()) - {f"{Zone.INTEGRATION}.{dataset}" for dataset in datasets}
    stopped = refused.keys() | {f"{Zone.INTEGRATION}.{dataset}" for dataset in blocked}
    return [
        ModelStatus(
            name=name,
            published=published.get(name),
            refused=refused.get(name),
            waits_for=tuple(sorted(graph.around((name, None), up=True, down=False).tables.keys() & stopped - {name})),
        )
        for name in sorted(models)
    ]
