"""A person leaves every zone, and nobody else does; what died half-way is completed by asking again."""

import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyiceberg.table import Table

from emulator.runtime.server_lifecycle import Server
from lakehouse.batches import attempts
from lakehouse.erasure import erase, tables
from lakehouse.erasure.erase import Plan
from lakehouse.erasure.proof import Erasure
from lakehouse.erasure.subject import Subject
from lakehouse.erasure.versions import versions
from lakehouse.names import Zone
from tests.support.moves.planned import plan_batch
from tests.support.reliability.club import Club, a_club


def test_a_person_leaves_every_zone_and_nobody_else_does(aws: Server, tmp_path: Path) -> None:
    club = a_club(aws, tmp_path, "forgetone")
    assert len(club.zebedees()) > 8
    others = {
        (dataset, zone): [row for row in club.rows(dataset, zone) if row[column] != value]
        for dataset, column, value in (("people", "person_id", 7), ("visits", "person", 7), ("cakes", "visit", 1))
        for zone in (Zone.RAW, Zone.INTEGRATION)
    }
    club.put("people", "3.csv", b"person_id,name,age\n6,Ann,63\n7,Zebedee,78\n8,Cyd,9\n")  # waits

    planned = club.plan(with_related=True)
    assert [(subject.contract.dataset, *subject.values) for subject in planned.erased] == [
        ("people", "person_id"),
        ("visits", "person"),
        ("visits", "host"),
        ("cakes", "visit"),
    ]
    looked = erase.amounts(club.s3, planned, catalog=club.catalog, names=club.names)
    assert [(one.stage_records, one.raw_rows, one.integration_rows) for one in looked] == [
        (2, 2, 1),
        (1, 1, 1),
        (0, 0, 0),
        (1, 1, 1),
    ]

    done = club.erase(planned)

    assert (done.state, done.found, done.stage_records, done.rows) == ("complete", (), 5, 7)
    assert club.zebedees() == []
    assert club.built == [("people", "visits", "cakes")]
    for (dataset, zone), rows in others.items():
        assert club.rows(dataset, zone) == rows
    # Nothing waits that did not wait before, and what is read again from stage is what was there.
    for contract in club.contracts:
        assert plan_batch(club.s3, names=club.names, contract=contract) is None
    for dataset in ("visits", "cakes"):
        club.move(dataset, f"{dataset}-00000001")
        for zone in (Zone.RAW, Zone.INTEGRATION):
            assert club.rows(dataset, zone) == others[dataset, zone]
    club.move("people", "people-00000003")
    live = [(row["person_id"], row["age"]) for row in club.rows("people", Zone.INTEGRATION) if not row["_is_deleted"]]
    assert live == [(6, 63), (8, 9)]
    assert club.zebedees() == []

    again = club.erase(club.plan(with_related=True))
    assert (again.state, again.stage_records, again.rows, again.versions) == ("complete", 0, 0, again.versions)


def test_what_is_somebody_elses_too_stays(aws: Server, tmp_path: Path) -> None:
    club = a_club(aws, tmp_path, "forgetshared")
    for name, visits in (
        ("2.jsonl", b'{"visit_id": 3, "person": 7, "said": "Zebedee again"}\n'),
        # The number of a visit is used again, and Zebedee comes as somebody's host.
        ("3.jsonl", b'{"visit_id": 3, "person": 6}\n{"visit_id": 4, "person": 8, "host": 7, "said": "Zebedee?"}\n'),
    ):
        club.load("visits", name, visits)
    club.put("visits", "4.jsonl", b'{"visit_id": 5, "person": 7, "said": "Zebedee alone"}\n')  # waits
    file = io.BytesIO()
    cakes = {"cake_id": [4, 5], "visit": [3, 4], "taste": ["Ann's", "Zebedee's and Cyd's"]}
    pq.write_table(pa.table(cakes), file)
    club.load("cakes", "2.parquet", file.getvalue())

    done = club.erase(club.plan(with_related=True))

    assert (done.state, done.datasets) == ("complete", ("people", "visits", "cakes"))
    club.move("visits", "visits-00000004")
    assert attempts.blocked(attempts.read(club.catalog, names=club.names, dataset="visits")) == []
    assert club.zebedees() == []
    for zone in (Zone.RAW, Zone.INTEGRATION):
        assert sorted((row["visit_id"], row["person"]) for row in club.rows("visits", zone)) == [(2, 6), (3, 6)]
        assert sorted(row["cake_id"] for row in club.rows("cakes", zone)) == [2, 3, 4]


@pytest.mark.parametrize("dies_in", ["put", "erase", "delete", "forget", "cakes", "build"])
def test_what_died_half_way_is_completed_by_asking_again(
    aws: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dies_in: str
) -> None:
    club = a_club(aws, tmp_path, f"forget{dies_in}")

    class Killed(BaseException):
        pass

    def dying(*_: object, **__: object) -> NoReturn:
        raise Killed

    places = {
        "put": "lakehouse.erasure.stage._put",
        "erase": "lakehouse.batches.manifests.erase",
        "delete": "lakehouse.erasure.stage._delete",
        "forget": "lakehouse.erasure.tables._expire",
        "cakes": "lakehouse.erasure.tables.erase",
    }
    whole = tables.erase

    def dying_at_cakes(load: Callable[[], Table], subject: Subject) -> int:
        # What tells whose cakes they are, the visits, is gone by then.
        return dying() if subject.contract.dataset == "cakes" else whole(load, subject)

    planned = club.plan(with_related=True)
    with monkeypatch.context() as patch:
        if dies_in in places:
            patch.setattr(places[dies_in], dying_at_cakes if dies_in == "cakes" else dying)
        else:
            patch.setattr(club, "erase", lambda planned: _erase_with(club, planned, dying))
        with pytest.raises(Killed):
            club.erase(planned)
    for contract in club.contracts:
        assert plan_batch(club.s3, names=club.names, contract=contract) is None
    resumed = club.plan(with_related=True)
    assert resumed.resumed
    assert {subject.contract.dataset for subject in resumed.erased} == {"people", "visits", "cakes"}
    done = club.erase(resumed)
    assert (done.state, done.found) == ("complete", ())
    assert club.zebedees() == []
    assert list(versions(club.s3, club.names.bucket(Zone.RAW), prefix=club.names.begun_erasures_prefix)) == []


def _erase_with(club: Club, planned: Plan, build: Callable[[Sequence[str]], object]) -> Erasure:
    return erase.run_erasure(club.s3, planned, club.contracts, catalog=club.catalog, names=club.names, build=build)
