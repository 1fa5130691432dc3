"""Four clients read while 200 runs publish, fail and die: they see published states alone, and releases stay."""

from pathlib import Path

import pytest

from emulator.runtime.server_lifecycle import Server
from tests.support.models import small_project
from tests.support.reliability import figures, published_states


@pytest.mark.timeout(3600)
def test_readers_see_published_states_and_whole_releases(
    aws: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = published_states.make(small_project.make(aws, tmp_path, project="states").names)
    found = published_states.hold(lake, runs=200, seed=1, monkeypatch=monkeypatch)
    assert found > 20
    figures.tell("Releases", runs=200, releases=found, read=len(lake.seen))
