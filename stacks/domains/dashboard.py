"""The graphs of a domain's dashboard: one for each metric, with a line for each dataset."""

from collections.abc import Iterator, Sequence
from typing import Any

from lakehouse.contracts.model import Contract
from lakehouse.moves.metrics import Metric
from lakehouse.names import Move, Names
from stacks.shared.alarms import Statistic, dataset_metric, line

GRAPHS = {
    "Received records": (Metric.RECEIVED, Statistic.SUM),
    "Rejected records, % of a batch": (Metric.REJECTED_PERCENT, Statistic.MAXIMUM),
    "Changed rows in integration": (Metric.CHANGED, Statistic.SUM),
    "Age of the newest data when it reached integration, seconds": (Metric.DATA_AGE, Statistic.MINIMUM),
    "Duration of an attempt, seconds": (Metric.DURATION, Statistic.MAXIMUM),
    "Failed attempts": (Metric.FAILURES, Statistic.SUM),
    "Moves that a gate blocks": (Metric.BLOCKED, Statistic.SUM),
    "Rows that are older than in the source": (Metric.STALE, Statistic.MAXIMUM),
    "Records that caused an unexpected error of a reader": (Metric.UNEXPECTED, Statistic.SUM),
}


def graphs(contracts: Sequence[Contract], *, names: Names) -> Iterator[dict[str, Any]]:
    """Yield the graphs of some datasets."""
    for title, (metric, statistic) in GRAPHS.items():
        lines = [
            line(
                dataset_metric(names, metric, dataset=contract.dataset, statistic=statistic, move=move),
                label=f"{contract.dataset} {move}" if move else contract.dataset,
            )
            for contract in contracts
            for move in (Move if metric.is_by_move else (None,))
        ]
        yield {"title": title, "metrics": lines, "yAxis": {}}
