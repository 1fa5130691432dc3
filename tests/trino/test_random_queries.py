"""Random queries on the emulator's own engine and on a real Trino: no difference (`make test-trino`).

`RANDOM_QUERIES=20000` tries that many instead of 500, in 2 hours; `RANDOM_SEED` is the number of the first one.
"""

import os
from collections import Counter
from pathlib import Path
from random import Random

from tests.support.emulator.athena_engine import open_engine
from tests.support.emulator.trino_values import Evaluate
from tests.support.trino.compare import BY_NAME, difference, outcome
from tests.support.trino.random_queries import query

COUNT = int(os.environ.get("RANDOM_QUERIES", "500"))
FIRST = int(os.environ.get("RANDOM_SEED", "0"))
MOST_REFUSED = 0.05
"""The share of queries that the emulator's own engine may refuse by name; the rules have what it supports."""


def test_random_queries_give_the_same_on_both_engines(trino_evaluate: Evaluate, tmp_path: Path) -> None:
    differences: list[str] = []
    counts: Counter[str] = Counter()
    with open_engine(tmp_path) as engine:
        for number in range(FIRST, FIRST + COUNT):
            sql = query(Random(number))  # noqa: S311 - a query by its number
            own = outcome(engine.evaluate, sql)
            counts["refused" if own.code in BY_NAME else own.code or "rows"] += 1
            if found := difference(own, outcome(trino_evaluate, sql)):
                differences.append(f"RANDOM_SEED={number}: {sql}\n{found}")
    assert not differences, "\n\n".join(differences)
    assert counts["refused"] <= MOST_REFUSED * COUNT, counts
    assert counts["rows"] > counts.total() / 2, counts
