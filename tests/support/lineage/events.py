"""Attempts of moves on two datasets, and the lineage events of a build by dbt."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from lakehouse.batches.manifests import StageObject
from lakehouse.contracts.model import Contract, Ingest, QualityRule, Severity, Source
from lakehouse.contracts.types import INT
from lakehouse.lineage import models, moves
from lakehouse.lineage.events import Parent
from lakehouse.names import Move, Names
from tests.support.contract_builders import column, contract
from tests.support.lineage import dbt_artifacts

NAMES = Names(environment="dev", account="123456789012", region="eu-central-1")
AT = datetime(2026, 3, 1, 10, tzinfo=UTC)
RULE = QualityRule(
    name="notes",
    column="note",
    metric="nullValues",
    query=None,
    operator="mustBe",
    thresholds=(Decimal(0),),
    severity=Severity.WARNING,
)
FILES = replace(contract(column("id", INT), column("note", source_name="Note"), key=("id",)), quality=(RULE,))
DATABASE = replace(
    contract(column("id", INT), column("note"), key=("id",)),
    ingest=Ingest.CDC,
    ordering=("_change_seq",),
    source=Source(name="shop", type="postgresql", format="parquet", database="shop", schema="public", table="orders"),
)


def attempt(move: Move, of: Contract = FILES, *, objects: int = 1) -> moves.Attempt:
    return moves.Attempt(
        move=move,
        contract=of,
        names=NAMES,
        batch_ids=("orders-00000001",),
        objects=[
            StageObject(bucket="stage", key=f"sales/orders/{n}.csv", etag="e", version_id=None, size=9)
            for n in range(objects)
        ],
        run_id="jr_1",
        started_at=AT,
        parent=Parent("sales.orders.stage_to_raw", "manual__1"),
    )


def events_of_models() -> dict[str, list[dict[str, Any]]]:
    columns, results = dbt_artifacts.columns(NAMES), dbt_artifacts.results()
    return models.of_build(dbt_artifacts.manifest(NAMES), results, columns=columns, names=NAMES, parent=None)
