"""What `lakehouse status` says of models."""

from datetime import UTC, datetime, timedelta

from lakehouse.lineage.graph import Edge, Graph, Table
from lakehouse.maintenance.models import Candidate
from lakehouse.names import Names, Zone
from lakehouse.operations.model_status import model_statuses
from lakehouse.releases.release import Release

AT = datetime(2026, 12, 1, tzinfo=UTC)
TABLES = ["curated.base", "curated.mart", "curated.other", "integration.orders"]


def release(hours: int, *changed: str) -> Release:
    return Release(
        release_id=f"r{hours:012x}",
        released_at=AT + timedelta(hours=hours),
        started_by="test",
        tables=TABLES,
        snapshots=[1] * len(TABLES),
        changed=list(changed),
        added=[],
        removed=[],
    )


def test_a_model_waits_for_what_is_refused_or_blocked_above_it(names: Names) -> None:
    def candidate(model: str, hours: int, reason: str | None) -> Candidate:
        database, created = names.database(Zone.CURATED), AT + timedelta(hours=hours)
        return Candidate(database=database, name=f"{model}__{hours:08x}", model=model, created=created, reason=reason)

    ways = [("integration.orders", "curated.base"), ("curated.base", "curated.mart")]
    graph = Graph(
        tables={name: Table(name=name) for name in TABLES},
        edges=[Edge(source=(source, None), target=(target, None)) for source, target in ways],
    )
    found = model_statuses(
        [release(0, *TABLES), release(5, "curated.base")],
        [
            candidate("base", 3, "test unique failed"),  # published since
            candidate("base", 6, "test sum failed"),
            candidate("mart", 7, None),  # interrupted
            candidate("first", 8, "test first failed"),
        ],
        datasets=["orders"],
        blocked=["orders"],
        graph=graph,
        names=names,
    )
    hours = [one.published and (one.published - AT) / timedelta(hours=1) for one in found]
    said = [
        (one.name, at, one.refused and one.refused.reason, one.waits_for) for one, at in zip(found, hours, strict=True)
    ]
    assert said == [
        ("curated.base", 5, "test sum failed", ("integration.orders",)),
        ("curated.first", None, "test first failed", ()),
        ("curated.mart", 0, None, ("curated.base", "integration.orders")),
        ("curated.other", 0, None, ()),
    ]
    assert model_statuses([], [], datasets=[], blocked=[], graph=graph, names=names) == []
