"""Facts of a catalog page: every kind of thing that it shows, with one text in all places that people can fill."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from lakehouse.contracts.classification import Classification
from lakehouse.contracts.model import Contract, QualityRule
from lakehouse.governance.access import Row, Sight
from lakehouse.governance.roles import ROLES
from lakehouse.governance.tags import Area
from lakehouse.lineage.graph import Edge, Graph, Table
from lakehouse.maintenance.models import Candidate
from lakehouse.names import Move
from lakehouse.operations.model_status import ModelStatus
from lakehouse.operations.status import summary
from lakehouse.releases.release import Release
from lakehouse.site.facts import Facts
from lakehouse.site.glossary import Term
from lakehouse.site.model_docs import ModelDoc
from lakehouse.tables.rows import QualityRow
from tests.support.batch_records import NAMES, attempt
from tests.support.contract_builders import column, contract

AT = datetime(2026, 12, 1, tzinfo=UTC)
HOSTILE = (
    "<script>alert(1)</script>",
    "</script><img src=x onerror=alert(1)>",
    "\"' onmouseover=alert(1) x='",
    "javascript:alert(1)",
    "\u202egnp.\u2066exe",
    "{{ 7 * 7 }}{% raw %}--><!--]]>&lt;\u2028\0",
)
SECRET = "maria.schmidt@example.com"  # noqa: S105 - a value of a record, which no page may show


def dataset(name: str, text: str) -> Contract:
    """A dataset whose texts are all the same."""
    own = contract(column(text, description=text, required=True, unique=True, classification="confidential"))
    rule = QualityRule(
        name=text, column=text, metric="rowCount", query=None, operator="mustBe", thresholds=(Decimal(0),)
    )
    texts = dict.fromkeys(("domain", "path", "version", "row_filter", "owner", "description"), text)
    return replace(own, dataset=name, quality=(rule,), freshness=timedelta(hours=1), key=(text,), **texts)  # type: ignore[arg-type]


def facts(*names: str, text: str = "text") -> Facts:
    """Facts of datasets and of a model that is made of the first: each has a problem and a rejected record."""
    contracts = {name: dataset(name, text) for name in names}
    loaded = replace(attempt("b", Move.STAGE_TO_RAW, at=0, gate="FAIL"), accepted=8, rejected=1, error=SECRET)
    attempts = {name: [replace(loaded, dataset=name, batch_id=f"{name}-{i:08}") for i in (1, 2)] for name in names}
    texts = dict.fromkeys(("dataset", "batch_id", "zone", "rule", "expected", "severity", "run_id"), text)
    result = QualityRow(measured=float("nan"), result="FAIL", reason=SECRET, evaluated_at=AT, **texts)
    model, first = f"curated.{text}", f"integration.{names[0]}"
    refused = Candidate(database="d", name=text, model=text, created=AT, reason=SECRET)
    tables = {"tables": [model], "snapshots": [1], "changed": [model], "added": [1], "removed": [0]}
    level, seen = Classification.INTERNAL, (Sight.SOME_ROWS,) * len(ROLES)
    row = Row(area=Area.INTEGRATION, table=names[0], column=text, classification=level, seen=seen)
    edges = [("https://source", first), (first, model)]
    status = {name: summary(one, [], attempts[name], arrived=AT, running=(), now=AT) for name, one in contracts.items()}
    return Facts(
        at=AT,
        names=NAMES,
        contracts=list(contracts.values()),
        statuses={name: replace(one, stale=SECRET, failed=SECRET) for name, one in status.items()},
        attempts=attempts,
        results={(name, text): [result] * 3 for name in names},
        rejected={name: Counter({(text, "wrong length"): 1, (None, "other"): 2}) for name in names},
        docs={model: ModelDoc(name=model, domain=text, owner=text, description=text, columns={text: text})},
        models=[ModelStatus(name=model, published=AT, refused=refused, waits_for=(first,))],
        releases=[Release(release_id="r1", released_at=AT, started_by=text, **tables)],  # type: ignore[arg-type]
        graph=Graph(
            tables={first: Table(name=first), model: Table(name=model, columns={text: text}, checks={text: False})},
            edges=[Edge(source=(source, None), target=(target, None)) for source, target in edges],
        ),
        access={first: [row], model: [replace(row, area=Area.CURATED, table=text)]},
        terms=[Term(name=text, where=text, meaning=text)],
    )
