"""Trino's own expression tests on the emulator's Athena: `python -m tests.support.trino [CLASS ...]`.

Maven fetches the test sources of Trino from Maven Central into `build/trino`; nothing of them is kept in this
repository. The command prints the verdicts by test class, writes each case that is not right to
`build/trino/differences.txt`, and fails for a wrong value or a Python error.
"""

import argparse
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor

from tests.support.repository import ROOT
from tests.support.spark.jars import fetch
from tests.support.trino import cases
from tests.support.trino.judge import PYTHON_ERROR, RIGHT, VERDICTS, WRONG, Verdict, judge_all

ARTIFACT = "io.trino:trino-main:476:jar:test-sources"
SHA512 = (
    "a8aaf3a8e05cb26453ce0328dd4d90779455ac57cf6f9a85b7f9020bc935abad"
    "cef0a20f8b217480b9d2ef900a6e26e234d3c298c9f88321f65140b02d452350"
)
FOLDER = ROOT / "build" / "trino"
SLICE = 200


def main() -> None:
    parser = argparse.ArgumentParser(description="Judge the emulator's Athena by Trino's own tests.")
    parser.add_argument("classes", nargs="*", help="test classes, without `Test`; all if none is given")
    parser.add_argument("--every", type=int, default=1, help="take each so-manieth case")
    parser.add_argument("--processes", type=int, default=2)
    chosen = parser.parse_args()
    FOLDER.mkdir(parents=True, exist_ok=True)
    jar = FOLDER / "trino-main-476-test-sources.jar"
    if not jar.exists():
        fetch(ARTIFACT, SHA512, folder=FOLDER)
    read = list(cases.read(jar))
    found = [case for case in read if isinstance(case, cases.Case) and case.family in (chosen.classes or [case.family])]
    found = found[:: chosen.every]
    slices = [found[at : at + SLICE] for at in range(0, len(found), SLICE)]
    with ProcessPoolExecutor(chosen.processes) as pool:
        verdicts = [verdict for part in pool.map(judge_all, slices) for verdict in part]
    (FOLDER / "differences.txt").write_text("\n".join(_lines(verdicts)) + "\n")
    _print(verdicts, unread=sum(isinstance(case, str) for case in read))
    kinds = Counter(verdict.kind for verdict in verdicts)
    if kinds[WRONG] or kinds[PYTHON_ERROR]:
        raise SystemExit(f"{kinds[WRONG]} wrong values and {kinds[PYTHON_ERROR]} Python errors: see {FOLDER}")


def _lines(verdicts: list[Verdict]) -> Iterator[str]:
    for kind in VERDICTS:
        for verdict in verdicts:
            if verdict.kind == kind != RIGHT:
                sql = " ".join(verdict.case.sql.split())
                yield f"{kind}\t{verdict.case.place}\t{sql}\t{' '.join(verdict.detail.split())}"


def _print(verdicts: list[Verdict], *, unread: int) -> None:
    families: dict[str, Counter[str]] = defaultdict(Counter)
    for verdict in verdicts:
        families[verdict.case.family][verdict.kind] += 1
    lines = [" ".join([f"{'':38}", *(f"{kind.split()[0]:>9}" for kind in VERDICTS)])]
    total: Counter[str] = sum(families.values(), Counter())
    for family, counts in [*sorted(families.items()), ("total", total)]:
        lines.append(" ".join([f"{family:38}", *(f"{counts[kind]:9}" for kind in VERDICTS)]))
    lines += [f"{total[kind]:6} {kind}" for kind in VERDICTS]
    lines.append(f"{unread:6} assertions are not about one query, or need a session of their own: not read")
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
