"""Four clients read while runs publish, fail and die: they see published states alone, and releases stay."""

import os
from pathlib import Path

import pytest

from emulator.runtime.server_lifecycle import Server
from tests.support.models import small_project
from tests.support.reliability import dying_builds, dying_moves, figures, published_states

BUILDS = 200 if "RELIABILITY_LONG" in os.environ else 30


@pytest.mark.timeout(3600)
def test_readers_see_published_states_and_whole_releases(
    aws: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = dying_moves.make(small_project.make(aws, tmp_path, project="states").names)
    with dying_moves.runs(lake, monkeypatch) as run:
        found = published_states.hold(lake, run, runs=200, seed=1)
    assert found > 20
    figures.tell("Releases", writers="moves", runs=200, releases=found, read=len(lake.seen))


@pytest.mark.timeout(7200)
def test_readers_see_models_that_passed_while_builds_by_dbt_fail_and_are_killed(aws: Server, tmp_path: Path) -> None:
    project = small_project.make(aws, tmp_path, project="builds")
    builds = dying_builds.make(project, aws)
    found = published_states.hold(builds.lake, builds.run, runs=BUILDS, seed=2)
    assert found > BUILDS // 10
    dying_builds.write(project, BUILDS + 1, wrong=set())
    said = project.build()
    assert {said[name] for name in dying_builds.MODELS} == {"published"}, "a killed build stands in nobody's way"
    figures.tell("Releases", writers="dbt", runs=BUILDS, releases=found, read=len(builds.lake.seen))
