"""CASE and IF choose by conditions, and a condition must be boolean."""

import re

import pytest

from emulator.athena.runtime.errors import AthenaError
from tests.support.emulator.trino_values import Evaluate


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("CASE 2 WHEN 1 THEN 'a' WHEN 2 THEN 'b' END", "b"),
        ("CASE WHEN 1 > 2 THEN 'a' ELSE 'c' END", "c"),
        ("IF(NULL, 1, 2)", "2"),
        ("CASE 2 WHEN 2.0 THEN IF(true, 'x') END", "x"),
    ],
)
def test_a_branch_is_chosen(evaluate: Evaluate, expression: str, value: str) -> None:
    assert evaluate(f"SELECT {expression}")[0] == [(value,)]


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("SELECT CASE WHEN 1 THEN 2 END", "CASE WHEN clause must evaluate to a boolean (actual: integer)"),
        ("SELECT CASE 1 WHEN 'a' THEN 2 END", "CASE operand and WHEN value must be the same type"),
        ("SELECT IF(1, 2)", "IF condition must evaluate to a boolean (actual: integer)"),
        ("SELECT 1 AND true", "Logical expression term must evaluate to a boolean (actual: integer)"),
        ("SELECT NOT 'a'", "Value of logical NOT expression must evaluate to a boolean (actual: varchar"),
        ("SELECT 1 WHERE 1", "WHERE clause must evaluate to a boolean: actual type integer"),
        ("SELECT 1 HAVING 'a'", "HAVING clause must evaluate to a boolean: actual type varchar"),
        ("SELECT 1 FROM (SELECT 1) a JOIN (SELECT 1) b ON 1", "JOIN ON clause must evaluate to a boolean: actual type"),
    ],
)
def test_only_a_boolean_is_a_condition(evaluate: Evaluate, query: str, reason: str) -> None:
    with pytest.raises(AthenaError, match=re.escape(reason)) as raised:
        evaluate(query)
    assert raised.value.code == "TYPE_MISMATCH"
