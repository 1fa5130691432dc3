"""Results of rules: single comparisons, and the gate of all results."""

from decimal import Decimal
from itertools import product

import pytest

from lakehouse.contracts.model import QualityRule, Severity
from lakehouse.contracts.odcs.quality import OPERATORS
from lakehouse.quality.results import Result, compares, evaluated, gate, not_evaluated
from lakehouse.quality.verdict import Verdict


def rule(operator: str, *thresholds: float, percent: bool = False, severity: Severity = Severity.ERROR) -> QualityRule:
    return QualityRule(
        name="rule",
        column=None,
        metric="rowCount",
        query=None,
        operator=operator,
        thresholds=tuple(Decimal(str(number)) for number in thresholds),
        percent=percent,
        severity=severity,
    )


@pytest.mark.parametrize(
    ("operator", "passes"),
    [
        ("mustBe", [5]),
        ("mustNotBe", [4, 6]),
        ("mustBeGreaterThan", [6]),
        ("mustBeGreaterOrEqualTo", [5, 6]),
        ("mustBeLessThan", [4]),
        ("mustBeLessOrEqualTo", [4, 5]),
    ],
)
def test_a_measured_value_passes_by_its_operator(operator: str, passes: list[int]) -> None:
    assert [n for n in (4, 5, 6) if compares(operator, Decimal(n), (Decimal(5),))] == passes


def test_both_ends_of_between_belong_to_it() -> None:
    ends = (Decimal(2), Decimal(4))
    assert [n for n in range(1, 6) if compares("mustBeBetween", Decimal(n), ends)] == [2, 3, 4]
    assert [n for n in range(1, 6) if compares("mustNotBeBetween", Decimal(n), ends)] == [1, 5]


def test_every_operator_that_a_contract_may_have_is_compared() -> None:
    for operator in OPERATORS:
        assert compares(operator, Decimal(1), (Decimal(0), Decimal(2))) in (True, False)


def test_a_failure_has_the_measured_and_the_expected_value() -> None:
    failed = evaluated(rule("mustBeLessThan", 10, percent=True), Decimal("12.50"))
    assert (failed.verdict, failed.measured) == (Verdict.FAIL, Decimal("12.50"))
    assert failed.reason == "12.5 %, mustBeLessThan 10 %"
    assert evaluated(rule("mustBeBetween", 1, 3), Decimal(2)) == Result(
        rule="rule",
        expected="mustBeBetween 1 and 3",
        severity=Severity.ERROR,
        verdict=Verdict.PASS,
        measured=Decimal(2),
    )


def test_only_errors_block_and_a_failure_takes_precedence_over_not_evaluated() -> None:
    passing, failing = evaluated(rule("mustBe", 1), Decimal(1)), evaluated(rule("mustBe", 1), Decimal(2))
    unknown = not_evaluated(rule("mustBe", 1), reason="no row")
    warning = evaluated(rule("mustBe", 1, severity=Severity.WARNING), Decimal(2))
    expected = {
        (False, False): Verdict.PASS,
        (False, True): Verdict.NOT_EVALUATED,
        (True, False): Verdict.FAIL,
        (True, True): Verdict.FAIL,
    }
    for fails, misses in product((False, True), repeat=2):
        results = [passing, warning, *([unknown] if misses else []), *([failing] if fails else [])]
        assert gate(results) is expected[fails, misses]
    assert gate([]) is Verdict.PASS
