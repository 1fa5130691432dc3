"""Random damage never makes a reader fail, hang, or take more memory than it may."""

import os

import pytest

from tests.support.reliability import figures
from tests.support.reliability.fuzz import WHOLE, run

FILES = 20_000 if "RELIABILITY_LONG" in os.environ else int(os.environ.get("FUZZ_FILES", "1000"))
FIRST = int(os.environ.get("RELIABILITY_SEED", "0"))


@pytest.mark.timeout(300 + FILES)
@pytest.mark.parametrize("format_", WHOLE)
def test_damaged_files_are_read_to_an_end(format_: str) -> None:
    said = run(format_, first=FIRST, count=FILES)
    figures.tell("Damaged files", format=format_, files=f"{FILES:,}", outcome=said)
    assert said.startswith("ended: ")
    assert ": 0 accepted" not in said  # damage in one place leaves others
    assert ", 0 rejected" not in said
