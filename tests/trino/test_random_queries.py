"""Random queries on the emulator's own engine and on a real Trino: no difference. `RANDOM_QUERIES=20000` takes hours."""

import os
from collections import Counter
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, settings

from tests.support.emulator.athena_engine import open_engine
from tests.support.emulator.trino_values import Evaluate
from tests.support.trino.compare import BY_NAME, difference, outcome
from tests.support.trino.random_queries import queries

COUNT = int(os.environ.get("RANDOM_QUERIES", "500"))
MOST_REFUSED = 0.2
"""The share of queries that the emulator's own engine may refuse by name; the grammar has what it supports."""


def test_random_queries_give_the_same_on_both_engines(trino_evaluate: Evaluate, tmp_path: Path) -> None:
    differences: dict[str, str] = {}
    counts: Counter[str] = Counter()
    with open_engine(tmp_path) as engine:

        @settings(
            max_examples=COUNT,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(queries())
        def compare(sql: str) -> None:
            own = outcome(engine.evaluate, sql)
            counts["refused" if own.code in BY_NAME else own.code or "rows"] += 1
            if own.code not in BY_NAME and (found := difference(own, outcome(trino_evaluate, sql))):
                differences[sql] = found

        compare()
    assert not differences, "\n\n".join(f"{sql}\n{found}" for sql, found in differences.items())
    assert counts["refused"] <= MOST_REFUSED * COUNT, counts
    assert counts["rows"] > counts.total() / 2, counts
