"""Gather what the site shows. Each table of ops is read once, however many datasets there are."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import boto3
from pyiceberg.catalog import Catalog

from lakehouse.batches import attempts, quarantine
from lakehouse.batches.attempts import Attempt, last_successes
from lakehouse.contracts.model import Contract
from lakehouse.governance.access import Row, matrix, tables
from lakehouse.governance.roles import ROLES
from lakehouse.lineage import record
from lakehouse.lineage.graph import Graph, of_events
from lakehouse.maintenance.models import candidates
from lakehouse.names import Move, Names, Zone
from lakehouse.operations.model_status import ModelStatus, model_statuses
from lakehouse.operations.status import Status, statuses_of
from lakehouse.quality import results as quality_results
from lakehouse.releases import release
from lakehouse.releases.release import Release
from lakehouse.site import glossary, model_docs
from lakehouse.site.glossary import Term
from lakehouse.site.model_docs import ModelDoc
from lakehouse.tables.rows import QualityRow

REJECTED_BATCHES = 20
"""Last batches of a dataset whose rejected records are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the site shows.

    Attributes:
        at: when it was gathered.
        names: names of the deployment.
        contracts: the datasets.
        statuses: status of each dataset, by dataset.
        attempts: attempts on the batches of each dataset, oldest first.
        results: results by dataset and rule, oldest first.
        rejected: reasons in the last batches of a dataset, by column and kind.
        docs: the models of the dbt project, by `zone.table`.
        models: status of each model that has been built.
        releases: all releases, oldest first.
        graph: lineage.
        access: which role sees which column, by `zone.table`.
        terms: the glossary.
    """

    at: datetime
    names: Names
    contracts: Sequence[Contract]
    statuses: Mapping[str, Status]
    attempts: Mapping[str, Sequence[Attempt]]
    results: Mapping[tuple[str, str], Sequence[QualityRow]]
    rejected: Mapping[str, Counter[tuple[str | None, str]]]
    docs: Mapping[str, ModelDoc]
    models: Sequence[ModelStatus]
    releases: Sequence[Release]
    graph: Graph
    access: Mapping[str, Sequence[Row]]
    terms: Sequence[Term]


def gather(contracts: Sequence[Contract], *, names: Names, catalog: Catalog, models: Path, docs: Path) -> Facts:
    """Gather what the site shows.

    Args:
        contracts: the datasets.
        names: names of the deployment.
        catalog: Iceberg catalog.
        models: folder of the dbt project.
        docs: folder of the documentation, with the glossary.
    """
    recorded = attempts.read(catalog, names=names)
    results = quality_results.results_of(catalog, names=names)
    releases = release.read(catalog, names=names)
    graph = of_events(record.latest(catalog, names=names, batches=1), names=names)
    statuses = {one.dataset: one for one in statuses_of(contracts, recorded, results, names=names)}
    of_each = attempts.by_dataset(recorded)
    access: dict[str, list[Row]] = {}
    for row in matrix(tables(contracts, models=models, names=names), list(ROLES.values())):
        access.setdefault(f"{row.area}.{row.table}", []).append(row)
    return Facts(
        at=datetime.now(UTC),
        names=names,
        contracts=contracts,
        statuses=statuses,
        attempts={dataset: of_each[dataset] for dataset in statuses},
        results=results,
        rejected={
            contract.dataset: quarantine.counts(catalog, contract, names=names, batch_ids=batch_ids)
            for contract in contracts
            if (batch_ids := _with_rejected(of_each[contract.dataset]))
        },
        docs=model_docs.read(models),
        models=model_statuses(
            releases,
            candidates(boto3.client("glue"), [names.database(zone) for zone in (Zone.INTEGRATION, Zone.CURATED)]),
            datasets=statuses,
            blocked=[dataset for dataset, status in statuses.items() if status.blocked],
            graph=graph,
            names=names,
        ),
        releases=releases,
        graph=graph,
        access=access,
        terms=glossary.read(docs / "glossary.md"),
    )


def _with_rejected(recorded: Sequence[Attempt]) -> list[str]:
    """Return the last batches of a dataset that have rejected records."""
    loads = last_successes(recorded, Move.STAGE_TO_RAW)
    return sorted(batch_id for batch_id, load in loads.items() if load.rejected)[-REJECTED_BATCHES:]
