"""Rules of contracts in the words of Glue Data Quality: what each becomes, and what is left out."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from lakehouse.contracts.loader import load_contracts
from lakehouse.contracts.model import Contract, Ingest, QualityRule, Severity
from lakehouse.contracts.types import INT, STRING
from lakehouse.names import Zone
from lakehouse.quality.dqdl import Ruleset, rulesets
from tests.support.contract_builders import column, contract

FACTS = contract(column("id", INT), column("status", STRING))
ENTITIES = replace(FACTS, ingest=Ingest.SNAPSHOT, key=("id",))
LIVE = "(SELECT * FROM primary WHERE NOT _is_deleted)"


def rule(metric: str | None = None, operator: str = "mustBe", *thresholds: str, **changes: Any) -> QualityRule:
    numbers = tuple(Decimal(number) for number in thresholds or ("0",))
    fields = {"name": "r", "column": None, "query": None, **changes}
    return QualityRule(metric=metric, operator=operator, thresholds=numbers, **fields)


def written(of: Contract, *rules: QualityRule, zone: Zone = Zone.INTEGRATION) -> list[str]:
    """The rules of a zone's ruleset, without their comments."""
    result = [ruleset for ruleset in rulesets(replace(of, quality=rules)) if ruleset.zone is zone]
    lines = [line for ruleset in result for line in ruleset.text.splitlines()[1:-1]]
    return [line.strip().rstrip(",") for line in lines if not line.strip().startswith("#")]


def ruleset(of: Contract, zone: Zone) -> Ruleset:
    (result,) = (item for item in rulesets(of) if item.zone is zone)
    return result


@pytest.mark.parametrize(
    ("of", "quality_rule", "expected"),
    [
        (FACTS, rule("rowCount", "mustBeGreaterThan"), "RowCount > 0"),
        (FACTS, rule("nullValues", column="id"), 'IsComplete "id"'),
        (
            FACTS,
            rule("nullValues", "mustBeLessThan", "2.50", column="id", percent=True),
            'CustomSql "SELECT 100.0 * count(CASE WHEN `id` IS NULL THEN 1 END) / count(*) FROM primary" < 2.5',
        ),
        (FACTS, rule("rowCount", "mustBeBetween", "1", "10"), "(RowCount >= 1) and (RowCount <= 10)"),
        (FACTS, rule("rowCount", "mustNotBeBetween", "1", "1E3"), "(RowCount < 1) or (RowCount > 1000)"),
        (ENTITIES, rule("rowCount", "mustNotBe", "7"), f'CustomSql "SELECT count(*) FROM {LIVE}" != 7'),
        (
            ENTITIES,
            rule("nullValues", "mustBeLessOrEqualTo", column="id"),
            f'CustomSql "SELECT count(CASE WHEN `id` IS NULL THEN 1 END) FROM {LIVE}" <= 0',
        ),
        (
            ENTITIES,
            rule("duplicateValues", properties=("id", "status")),
            (
                'CustomSql "SELECT (count(CASE WHEN `id` IS NOT NULL AND `status` IS NOT NULL THEN 1 END) '
                f'- count(DISTINCT `id`, `status`)) FROM {LIVE}" = 0'
            ),
        ),
        (
            FACTS,
            rule(query="SELECT count(*) FROM {table} WHERE {column} < 0", column="id"),
            'CustomSql "SELECT count(*) FROM primary WHERE `id` < 0" = 0',
        ),
    ],
)  # fmt: skip
def test_what_a_rule_becomes(of: Contract, quality_rule: QualityRule, expected: str) -> None:
    assert written(of, quality_rule) == [expected]


def test_text_is_written_without_what_dqdl_would_have_to_escape() -> None:
    [text] = written(FACTS, rule("invalidValues", column="status", values=("it's", 'a"b'), pattern=r"^\d+$"))
    assert text.count('"') == 2  # around the query
    assert "\\" not in text
    assert "concat('it', char(39), 's')" in text
    assert "RLIKE concat('^', char(92), 'd+$')" in text


def test_raw_measures_the_accepted_records_of_the_newest_batch() -> None:
    newest = "(SELECT * FROM primary WHERE _batch_id = (SELECT max(_batch_id) FROM primary) AND _errors IS NULL)"
    assert written(FACTS, rule("rowCount"), rule("nullValues", column="id"), zone=Zone.RAW) == [
        f'CustomSql "SELECT count(*) FROM {newest}" > 0',
        f'CustomSql "SELECT count(CASE WHEN `id` IS NULL THEN 1 END) FROM {newest}" = 0',
    ]
    assert "_volume (compares a batch with those before it)" in ruleset(FACTS, Zone.RAW).description


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("SELECT count(*) FROM {table} WHERE status = \"x\"", 'no certain way to write the " or \\'),
        (r"SELECT count(*) FROM {table} WHERE status RLIKE '\\d'", 'no certain way to write the " or \\'),
        ("SELECT max({table}.id) FROM {table}", "qualifies columns with the table"),
    ],
)  # fmt: skip
def test_what_cannot_be_said_is_left_out_and_named(query: str, reason: str) -> None:
    kept = rule("rowCount", name="kept", severity=Severity.WARNING)
    result = ruleset(replace(ENTITIES, quality=(rule(query=query, name="lost"), kept)), Zone.INTEGRATION)
    assert "# kept (warning)" in result.text
    assert "lost" not in result.text
    assert "left out: lost (" in result.description
    assert reason in result.description


def test_a_table_without_rules_has_no_ruleset() -> None:
    assert [result.zone for result in rulesets(FACTS)] == [Zone.RAW]


def test_every_rule_of_the_contracts_can_be_expressed() -> None:
    for deployed in load_contracts(Path(__file__).parents[3] / "contracts"):
        assert "left out" not in ruleset(deployed, Zone.INTEGRATION).description
        for expected in deployed.quality:
            assert f"# {expected.name} ({expected.severity})\n" in ruleset(deployed, Zone.INTEGRATION).text
