"""Reconcile a dataset with its source: compare, tell which keys differ, repair them, and record the result."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

import boto3
from pyiceberg.catalog import Catalog

from lakehouse.contracts.model import Contract
from lakehouse.names import Names, Zone
from lakehouse.quality import rules
from lakehouse.quality.results import evaluated, not_evaluated, record_results
from lakehouse.reconciliation import repair
from lakehouse.reconciliation.compare import Comparison, compare, refuse_if_not_comparable
from lakehouse.reconciliation.source_rows import SourceRows, open_rows

RUN_ID = "reconcile"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciliation:
    """The result of a reconciliation.

    Attributes:
        at: the moment of the source that was compared.
        comparison: what differs.
        objects: URIs of the repair in stage; empty without one.
    """

    at: datetime
    comparison: Comparison
    objects: tuple[str, ...] = ()


def reconcile_dataset(
    contract: Contract,
    *,
    names: Names,
    catalog: Catalog,
    must_repair: bool = False,
    settle_s: float = 0,
    sleep: Callable[[float], None] = time.sleep,
) -> Reconciliation:
    """Compare a dataset with its source and record the result as the rule `_equals_source` in `ops.quality_results`.

    Args:
        contract: the dataset.
        names: names of the deployment.
        catalog: Iceberg catalog.
        must_repair: whether the source's rows of keys that differ are written to stage; the moves then read them.
        settle_s: seconds until keys that differ are compared again; one that the source changed since is on its way,
            and counts as equal.
        sleep: waits so many seconds.

    Raises:
        LakehouseError: the dataset cannot be compared, or the source is not reachable.
    """
    refuse_if_not_comparable(contract)
    with open_rows(contract, names=names) as source:
        at = source.moment.at
        comparison = compare(source, contract, names=names, catalog=catalog)
        objects = _repair(source, comparison, contract, names=names, catalog=catalog) if must_repair else []
    if comparison.differences and settle_s and not must_repair:
        sleep(settle_s)
        with open_rows(contract, names=names) as source:
            again = compare(source, contract, names=names, catalog=catalog)
        before = set(comparison.differences)
        comparison = replace(again, differences=tuple(one for one in again.differences if one in before))
    _record(comparison, contract, at=at, names=names, catalog=catalog)
    return Reconciliation(at=at, comparison=comparison, objects=tuple(objects))


def _repair(
    source: SourceRows, comparison: Comparison, contract: Contract, *, names: Names, catalog: Catalog
) -> list[str]:
    # A key that is only on its way is repaired too: its change is then the older or the newer of two equal rows.
    sequence = repair.change_sequence(
        source.moment, newest=repair.newest_sequence(catalog, contract, names=names) if comparison.differences else None
    )
    return repair.upload(boto3.client("s3"), source, comparison.differences, contract, names=names, sequence=sequence)


def _record(comparison: Comparison, contract: Contract, *, at: datetime, names: Names, catalog: Catalog) -> None:
    reason = comparison.summary(contract) if comparison.different else None
    result = evaluated(rules.equals_source(), Decimal(comparison.different), reason=reason)
    if not comparison.different and comparison.not_compared:
        # What was not compared may differ, so nothing that blocks the dataset is resolved.
        reason = f"equal except for {', '.join(comparison.not_compared)}, which cannot be compared"
        result = not_evaluated(rules.equals_source(), reason=reason)
    record_results(
        catalog,
        {"": [result]},
        names=names,
        dataset=contract.dataset,
        zone=Zone.INTEGRATION,
        run_id=RUN_ID,
        at=at,
    )
