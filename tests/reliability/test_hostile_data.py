"""Hostile objects end as rows, in bounded memory; none ends the batch that they are in."""

import pytest

from tests.reliability.hostile import CORPUS, MEMORY, MIB, read

pytestmark = pytest.mark.timeout(400)


@pytest.mark.parametrize("name", CORPUS)
def test_a_hostile_object_becomes_rows_in_bounded_memory(name: str) -> None:
    ending = read(name)
    assert (ending.rows, ending.accepted) == (CORPUS[name].rows, CORPUS[name].accepted), ending
    assert ending.memory < MEMORY, f"{ending.memory / MIB:.0f} MiB"
    assert ending.reason or ending.accepted == ending.rows
