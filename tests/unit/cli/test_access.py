"""`lakehouse access`: the matrix as its users read it."""

import csv
import io
import re
import sys
from pathlib import Path

import pytest

from lakehouse.cli.main import main

ROOT = Path(__file__).parents[3]


def access(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(sys, "argv", ["lakehouse", "access", *arguments])
    with pytest.raises(SystemExit) as end:
        main()
    return int(end.value.code or 0)


def test_the_matrix_is_a_file_of_every_column(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert access(monkeypatch, "--format", "csv") == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    email = {row["zone"]: row for row in rows if (row["table"], row["column"]) == ("customers", "email")}
    assert email.keys() == {"raw", "integration"}
    for row in email.values():
        assert row["classification"] == "restricted"
        assert [row[role] for role in ("analyst", "engineer", "steward", "auditor")] == ["no", "no", "yes", "no"]
    [region] = [row for row in rows if (row["table"], row["column"]) == ("sales_by_region_month", "region")]
    assert [region[role] for role in ("analyst", "engineer", "steward", "auditor")] == ["yes", "yes", "yes", "no"]


def test_one_role_on_a_screen_ends_with_its_count(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert access(monkeypatch, "--role", "steward") == 0
    printed = capsys.readouterr().out
    assert "sales_by_region_month" in printed
    assert "analyst" not in printed
    assert re.fullmatch(r"steward: (\d+) of \1 columns", printed.splitlines()[-1])


def test_rows_that_a_filter_lets_through(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    contract = (ROOT / "contracts" / "sales" / "products.odcs.yaml").read_text()
    rule = "  - {property: rowFilter, value: \"category = 'toys'\"}\nslaProperties:"
    (tmp_path / "sales").mkdir()
    (tmp_path / "sales" / "products.odcs.yaml").write_text(contract.replace("slaProperties:", rule, 1))
    assert access(monkeypatch, "--contracts", str(tmp_path), "--format", "csv") == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    skus = [row for row in rows if row["table"] == "products" and row["column"] == "sku"]
    assert [(row["engineer"], row["steward"]) for row in skus] == [("some rows", "yes")] * 2


def test_a_role_that_does_not_exist_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert access(monkeypatch, "--role", "analist") == 2
    assert "no role 'analist': did you mean 'analyst'?" in capsys.readouterr().err


def test_a_query_for_a_role_that_does_not_exist_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["lakehouse", "query", "select 1", "--role", "enginer"])
    with pytest.raises(SystemExit, match="2"):
        main()
    assert "no role 'enginer': did you mean 'engineer'?" in capsys.readouterr().err
