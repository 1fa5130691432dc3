"""The same files give the same rows of raw, integration and ops on Apache Spark as on Sail, in every column."""

import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.support.spark.corpus import BROKEN
from tests.support.spark.engines import ROOT, SPARKS, environment, python

Tables = dict[str, list[str]]
"""Rows of each table, in an order of their own, each as text: NaN equals NaN, -0.0 does not equal 0.0."""


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Tables]:
    """What an engine makes of the corpus, played once."""

    @cache
    def play(engine: str) -> Tables:
        out = tmp_path_factory.mktemp(engine)
        subprocess.run(
            [python(engine), "-m", "tests.support.spark.play", str(out)], env=environment(engine), cwd=ROOT, check=True
        )
        return {file.name: rows(file) for file in sorted(out.iterdir())}

    return play


def rows(file: Path) -> list[str]:
    table = pq.read_table(file)
    found = table.to_pylist()
    for row in found:
        if row.get("rule") == BROKEN.name:
            row["reason"] = bool(row["reason"])  # each engine says in its own words what is wrong with a query
    return [str(table.schema), *sorted(map(repr, found))]


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("engine", SPARKS)
def test_spark_gives_the_rows_that_sail_gives(tables: Callable[[str], Tables], engine: str) -> None:
    expected, found = tables("sail"), tables(engine)
    assert found.keys() == expected.keys()
    for name in expected:
        assert found[name] == expected[name], name


def test_the_corpus_has_rows_of_each_kind(tables: Callable[[str], Tables]) -> None:
    played = tables("sail")
    for name, found in played.items():
        assert len(found) > 2, f"{name} has next to no rows"
    raw = [row for name, found in played.items() if name.startswith("raw.") for row in found[1:]]
    assert any("'_errors': None" in row for row in raw)
    assert any("'reason':" in row for row in raw)
    verdicts = " ".join(played["ops.quality_results"])
    assert all(f"'result': '{verdict}'" in verdicts for verdict in ("PASS", "FAIL", "NOT_EVALUATED"))
