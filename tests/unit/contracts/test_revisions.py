"""Contracts of an earlier revision, and `lakehouse contracts diff`."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lakehouse.cli.main import main
from lakehouse.contracts.differences import differences
from lakehouse.contracts.loader import parse_contract
from lakehouse.contracts.places import line_of
from lakehouse.contracts.revisions import load_contracts_at
from lakehouse.errors import LakehouseError
from lakehouse.sizes import Size
from tests.support.repository import CONTRACTS, ROOT

ORDERS = (CONTRACTS / "sales" / "orders.odcs.yaml").read_text()
ALONE = ORDERS.replace("        relationships: [{to: customers.customer_id}]\n", "")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of contracts in a repository whose first commit has the contract of the orders."""
    folder = tmp_path / "repository" / "own contracts"
    (folder / "sales").mkdir(parents=True)
    (folder / "sales" / "orders.odcs.yaml").write_text(ALONE)
    (folder / "README.md").write_text("no contract")
    for arguments in (
        ["init", "-q"],
        ["add", "."],
        ["-c", "user.name=a", "-c", "user.email=a@b.c", "commit", "-qm", "first"],
        ["tag", "first"],
    ):
        subprocess.run(["git", "-C", str(folder), *arguments], check=True)
    return folder


def diff(monkeypatch: pytest.MonkeyPatch, revision: str, folder: Path, *options: str) -> int:
    arguments = ["lakehouse", "contracts", "diff", revision, "--contracts", str(folder), *options]
    monkeypatch.setattr(sys, "argv", arguments)
    with pytest.raises(SystemExit) as end:
        main()
    return int(end.value.code or 0)


def line(text: str) -> int:
    return ALONE.count("\n", 0, ALONE.index(text)) + 1


def test_contracts_are_read_as_they_were(folder: Path) -> None:
    path = folder / "sales" / "orders.odcs.yaml"
    path.write_text("not a contract")
    (contract,) = load_contracts_at("first", folder)
    assert (contract.dataset, contract.path) == ("orders", f"{folder}@first/sales/orders.odcs.yaml")


def test_a_folder_that_is_new_has_no_earlier_contracts(folder: Path) -> None:
    (folder / "new").mkdir()
    assert load_contracts_at("first", folder / "new") == []


@pytest.mark.parametrize("revision", ["nowhere", "--all", "first:sales", ""])
def test_an_unknown_revision_is_refused(folder: Path, revision: str) -> None:
    with pytest.raises(LakehouseError, match=r"own contracts: git rev-parse: .*revision"):
        load_contracts_at(revision, folder)


def test_a_folder_without_history_is_refused(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(LakehouseError, match="not a git repository"):
        load_contracts_at("first", tmp_path)
    with pytest.raises(LakehouseError, match="no such folder of contracts"):
        load_contracts_at("first", folder / "nowhere")


def test_a_compatible_difference_passes(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert diff(monkeypatch, "first", folder) == 0
    assert capsys.readouterr().out == "no difference\n"
    (folder / "sales" / "orders.odcs.yaml").write_text(
        ALONE.replace("name: status,", "name: status, description: Way,")
    )
    assert diff(monkeypatch, "first", folder) == 0
    assert capsys.readouterr().out == (
        "orders\n  + compatible column status: description: none -> Way "
        f"({folder}/sales/orders.odcs.yaml:{line('name: status')})\n1 differences\n"
    )


def test_a_breaking_difference_names_the_models_that_read_the_column_and_fails(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    changed = ALONE.replace("name: channel", "name: way")
    (folder / "sales" / "orders.odcs.yaml").write_text(changed)
    assert diff(monkeypatch, "first", folder) == 2
    shown = capsys.readouterr()
    place = f"{folder}@first/sales/orders.odcs.yaml:{line('name: channel')}"
    assert shown.out.splitlines()[:2] == [
        "orders",
        f"  ! breaking   column channel: removed; read by fct_order_items ({place})",
    ]
    assert "orders: a breaking difference needs a new major version" in shown.err
    (folder / "sales" / "orders.odcs.yaml").write_text(changed.replace("version: 1.0.0", "version: 2.0.0"))
    assert diff(monkeypatch, "first", folder) == 0


def test_each_place_that_reads_a_column_is_listed(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "sales" / "orders.odcs.yaml").write_text(
        ALONE.replace("name: status,", "name: state,").replace("version: 1.0.0", "version: 2.0.0")
    )
    assert diff(monkeypatch, "first", folder, "--readers") == 0
    printed = capsys.readouterr().out
    for file, word, below in (
        ("models/zones/curated/fct_order_items.sql", "orders.status", "; below it: sales_by_region_month"),
        ("stacks/analytics/queries/engineer/orders_an_hour_ago.sql", "status", ""),
    ):
        text = (ROOT / file).read_text()
        number = text.lower().count("\n", 0, text.index(word)) + 1
        assert f"      {file}:{number}: {Path(file).stem}{below}\n" in printed


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"owner": "nobody"}, "team"),
        ({"size": Size.LARGE}, "size"),
        ({"quality": ()}, "quality_rule"),
        ({"key": ()}, "primaryKey"),
        ({"freshness": None}, "freshness"),
        ({"row_filter": "status = 'new'"}, None),
    ],
)
def test_a_difference_of_a_dataset_has_the_line_of_its_words(changes: dict[str, Any], word: str | None) -> None:
    contract = parse_contract(ALONE, path="sales/orders.odcs.yaml")
    found = differences([contract], [replace(contract, **changes)])[0]
    text = min(rule.name for rule in contract.quality) if word == "quality_rule" else word
    assert line_of(found, contract, ALONE) == (line(text) if text and text in ALONE else 1)
