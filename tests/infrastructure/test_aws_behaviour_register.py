"""The register of AWS's behaviour: each row has a source and a test that exists, and the page is made from it."""

import ast
from collections import Counter

import pytest

from app import ROOT
from reports.aws_behaviour import PAGE, Behaviour, page, read

ROWS = read()


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.test.rpartition("::")[2])
def test_a_row_names_a_test_that_exists(row: Behaviour) -> None:
    file, _, function = row.test.partition("::")
    defined = {node.name for node in ast.parse((ROOT / file).read_text()).body if isinstance(node, ast.FunctionDef)}
    assert function.startswith("test_")
    assert function in defined
    assert row.source.startswith("https://")
    assert row.statement.strip().endswith(".")


def test_every_test_of_a_behaviour_has_a_row() -> None:
    place = "tests/infrastructure/test_aws_behaviour.py"
    tree = ast.parse((ROOT / place).read_text())
    defined = {node.name for node in tree.body if isinstance(node, ast.FunctionDef) if node.name.startswith("test_")}
    listed = Counter(row.test.partition("::")[2] for row in ROWS if row.test.startswith(place))
    assert listed == Counter(defined)


def test_the_page_is_made_from_the_register() -> None:
    assert PAGE.read_text() == page(ROWS), "run `python -m reports.aws_behaviour`"
