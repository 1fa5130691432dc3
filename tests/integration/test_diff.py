"""`lakehouse diff` of a dataset: by key, and without the values that the caller may not see."""

from dataclasses import replace

import pytest

from emulator.runtime.server_lifecycle import Server
from lakehouse.cli.commands.snapshots.diff import lines
from lakehouse.contracts.model import Deduplicate
from lakehouse.contracts.types import INT
from lakehouse.errors import LakehouseError
from lakehouse.moves import raw_to_integration, stage_to_raw
from lakehouse.names import Move, Zone
from lakehouse.operations import dbt
from lakehouse.operations.diff import compare
from tests.support.contract_builders import column, contract
from tests.support.moves.jobs import arrive, deployment, job_on

PEOPLE = replace(
    contract(
        replace(column("id", INT, required=True), classification="internal"),
        replace(column("version", INT, required=True), classification="internal"),
        replace(column("town"), classification="public"),
        column("name"),
    ),
    dataset="people",
    key=("id",),
    deduplicate=Deduplicate.KEY,
    ordering=("version",),
)


def test_a_difference_shows_only_what_the_caller_may_see(aws: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    names = deployment(aws, project="diff")
    job = job_on(PEOPLE, names=names)
    for body in ("1,1,Ulm,ann\n2,1,Bonn,\x1b[31m\n", "2,2,Köln,bob\n3,1,Ulm,eve\n"):
        batch = arrive(job, f"id,version,town,name\n{body}")
        stage_to_raw.run(replace(job, batch_ids=(batch,)))
        raw_to_integration.run(replace(job, move=Move.RAW_TO_INTEGRATION, batch_ids=(batch,), run_id="jr_2"))

    def shown(name: str, between: tuple[str, str] | None = None) -> list[str]:
        found = compare(job.catalog, name, between=between, contracts=[PEOPLE], models=dbt.PROJECT, names=names)
        return list(lines(found))

    text = shown("people")
    assert "rows: 1 added, 0 removed, 1 changed (by id)" in text
    assert text[text.index("  town: 1 changed") + 1] == "    id 2: Bonn -> Köln"
    assert text[text.index("  name: 1 changed") + 1] == "    its values are not shown to you"
    assert not {"bob", "ann"} & set(" ".join(text).split())
    raw = shown("raw.people")
    assert "rows: 2 added, 0 removed (as whole rows, the table has no key)" in raw
    snapshots = job.catalog.load_table((names.database(Zone.INTEGRATION), "people")).snapshots()
    back = shown("integration.people", (str(snapshots[-1].snapshot_id), str(snapshots[0].snapshot_id)))
    assert "rows: 0 added, 1 removed, 1 changed (by id)" in back
    for name, message in (("gold.people", "no zone 'gold'"), ("nobody", "integration.nobody does not exist")):
        with pytest.raises(LakehouseError, match=message):
            shown(name)
