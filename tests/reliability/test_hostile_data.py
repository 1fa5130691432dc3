"""Hostile objects end as rows, in bounded memory; none ends the batch that they are in."""

import pytest

from tests.support.reliability import figures
from tests.support.reliability.hostile_files import CORPUS, MEMORY, MIB, PROCESSOR_SECONDS, read

pytestmark = pytest.mark.timeout(400)


@pytest.mark.parametrize("name", CORPUS)
def test_a_hostile_object_becomes_rows_in_bounded_memory(name: str) -> None:
    ending = read(name)
    figures.tell(
        "Hostile objects",
        object=name,
        rows=f"{ending.rows:,}",
        accepted=f"{ending.accepted:,}",
        MiB=round(ending.memory / MIB),
        seconds=ending.seconds,
        reason=ending.reason[:80],
    )
    assert (ending.rows, ending.accepted) == (CORPUS[name].rows, CORPUS[name].accepted), ending
    assert ending.memory < MEMORY, f"{ending.memory / MIB:.0f} MiB"
    assert ending.seconds < PROCESSOR_SECONDS
    assert ending.reason or ending.accepted == ending.rows
