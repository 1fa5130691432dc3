"""Facts of a catalog page: every kind of thing that it shows, with one text in all places that people can fill."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from lakehouse.batches.attempts import SUCCEEDED, Attempt
from lakehouse.contracts.model import Contract, QualityRule
from lakehouse.governance.access import Row, Sight
from lakehouse.governance.roles import ROLES
from lakehouse.governance.tags import Area
from lakehouse.lineage.graph import Edge, Graph, Table
from lakehouse.maintenance.models import Candidate
from lakehouse.names import Move, Names
from lakehouse.operations.model_status import ModelStatus
from lakehouse.operations.status import summary
from lakehouse.releases.release import Release
from lakehouse.site.facts import Facts
from lakehouse.site.glossary import Term
from lakehouse.site.model_docs import ModelDoc
from lakehouse.tables.rows import QualityRow
from tests.support.contract_builders import column, contract

AT = datetime(2026, 12, 1, tzinfo=UTC)
NAMES = Names(environment="dev", account="123456789012", region="eu-central-1")
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
    rule = QualityRule(
        name=text,
        column=text,
        metric="nullValues",
        query=None,
        operator="mustBe",
        thresholds=(Decimal(0),),
        description=text,
    )
    own = contract(column(text, description=text, required=True, unique=True, classification="confidential"))
    return replace(
        own,
        dataset=name,
        domain=text,
        path=text,
        version=text,
        row_filter=text,
        owner=text,
        description=text,
        quality=(rule,),
        freshness=timedelta(hours=1),
        key=(text,),
    )


def facts(*names: str, text: str = "text") -> Facts:
    """Facts of datasets and of a model that is made of the first: each has a problem and a rejected record."""
    contracts = [dataset(name, text) for name in names]
    attempts = {
        name: [
            Attempt(
                dataset=name,
                batch_id=f"{name}-{number:08}",
                move=Move.STAGE_TO_RAW,
                state=SUCCEEDED,
                received=9,
                accepted=8,
                rejected=1,
                started_at=AT,
                finished_at=AT,
                run_id="jr_1",
                gate="FAIL",
                error=SECRET,
            )
            for number in (1, 2)
        ]
        for name in names
    }
    result = QualityRow(
        dataset="",
        batch_id="b",
        zone="raw",
        rule=text,
        expected=text,
        severity="error",
        measured=float("nan"),
        result="FAIL",
        reason=SECRET,
        evaluated_at=AT,
        run_id="jr_1",
    )
    model, first = f"curated.{text}", f"integration.{names[0]}"
    candidate = Candidate(database="d", name=text, model=text, created=AT, reason=SECRET)
    release = Release(
        release_id="r1",
        released_at=AT,
        started_by=text,
        tables=[model],
        snapshots=[1],
        changed=[model],
        added=[1],
        removed=[0],
    )
    row = Row(
        area=Area.INTEGRATION,
        table=names[0],
        column=text,
        classification="internal",
        seen=(Sight.SOME_ROWS,) * len(ROLES),
    )  # type: ignore[arg-type]
    return Facts(
        at=AT,
        names=NAMES,
        contracts=contracts,
        statuses={
            one.dataset: replace(
                summary(one, [], attempts[one.dataset], arrived=AT, running=(), now=AT), stale=SECRET, failed=SECRET
            )
            for one in contracts
        },
        attempts=attempts,
        results={(name, text): [replace(result, dataset=name)] * 3 for name in names},
        rejected={name: Counter({(text, "wrong length"): 1, (None, "other"): 2}) for name in names},
        docs={model: ModelDoc(name=model, domain=text, owner=text, description=text, columns={text: text})},
        models=[ModelStatus(name=model, published=AT, refused=candidate, waits_for=(first,))],
        releases=[release],
        graph=Graph(
            tables={first: Table(name=first), model: Table(name=model, columns={text: text}, checks={text: False})},
            edges=[
                Edge(source=("https://source", None), target=(first, None)),
                Edge(source=(first, None), target=(model, None)),
            ],
        ),
        access={first: [row], model: [replace(row, area=Area.CURATED, table=text)]},
        terms=[Term(name=text, where=text, meaning=text)],
    )
