"""Results of quality rules: each is one row in `ops.quality_results`, and together they decide a gate."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from lakehouse.contracts.model import QualityRule, Severity
from lakehouse.names import Names, OpsTable, Zone
from lakehouse.quality.verdict import Verdict
from lakehouse.tables import rows
from lakehouse.tables.rows import QualityRow

if TYPE_CHECKING:
    from pyiceberg.catalog import Catalog
    from pyiceberg.expressions import BooleanExpression


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """The result of one rule.

    Attributes:
        rule: name of the rule.
        expected: the comparison, for example `mustBeLessThan 10`.
        severity: whether the rule can block.
        verdict: PASS, FAIL or NOT_EVALUATED.
        measured: the measured value; None if it could not be measured.
        reason: why the verdict is not PASS.
    """

    rule: str
    expected: str
    severity: Severity
    verdict: Verdict
    measured: Decimal | None = None
    reason: str | None = None


def evaluated(rule: QualityRule, measured: Decimal, *, reason: str | None = None) -> Result:
    """Return the result of a rule: the comparison of the measured value with its thresholds.

    Args:
        rule: the rule.
        measured: the measured value.
        reason: what to say if the rule fails; by default the value and the comparison.
    """
    if compares(rule.operator, measured, rule.thresholds):
        return _result(rule, Verdict.PASS, measured=measured)
    reason = reason or f"{measured.normalize():f}{' %' if rule.percent else ''}, {expectation(rule)}"
    return _result(rule, Verdict.FAIL, measured=measured, reason=reason)


def not_evaluated(rule: QualityRule, *, reason: str) -> Result:
    """Return the result of a rule that could not be measured."""
    return _result(rule, Verdict.NOT_EVALUATED, reason=reason)


def expectation(rule: QualityRule) -> str:
    """Return the comparison in the words of ODCS, for example `mustBeLessThan 10 %`."""
    return (
        f"{rule.operator} {' and '.join(f'{n.normalize():f}' for n in rule.thresholds)}{' %' if rule.percent else ''}"
    )


def compares(operator: str, measured: Decimal, thresholds: tuple[Decimal, ...]) -> bool:
    """Return whether a measured value passes an operator of ODCS; both ends of `Between` belong to it."""
    least, greatest = thresholds[0], thresholds[-1]
    return {
        "mustBe": measured == least,
        "mustNotBe": measured != least,
        "mustBeGreaterThan": measured > least,
        "mustBeGreaterOrEqualTo": measured >= least,
        "mustBeLessThan": measured < least,
        "mustBeLessOrEqualTo": measured <= least,
        "mustBeBetween": least <= measured <= greatest,
        "mustNotBeBetween": not least <= measured <= greatest,
    }[operator]


def gate(results: Iterable[Result]) -> Verdict:
    """Return the verdict of the rules of severity `error`: FAIL if one fails, NOT_EVALUATED if one was not measured."""
    verdicts = {result.verdict for result in results if result.severity is Severity.ERROR}
    return next((verdict for verdict in (Verdict.FAIL, Verdict.NOT_EVALUATED) if verdict in verdicts), Verdict.PASS)


def record_results(
    catalog: "Catalog",
    results: Mapping[str, Iterable[Result]],
    *,
    names: Names,
    dataset: str,
    zone: Zone,
    run_id: str,
    at: datetime,
) -> None:
    """Append results, by batch id, to `ops.quality_results`."""
    quality_rows = [
        QualityRow(
            dataset=dataset,
            batch_id=batch_id,
            zone=zone,
            run_id=run_id,
            rule=result.rule,
            measured=None if result.measured is None else float(result.measured),
            expected=result.expected,
            severity=result.severity,
            result=result.verdict,
            reason=result.reason,
            evaluated_at=at,
        )
        for batch_id, batch_results in results.items()
        for result in batch_results
    ]
    rows.append(catalog, quality_rows, names=names)


def results_of(
    catalog: "Catalog", *, names: Names, rules: Iterable[str] | None = None, dataset: str | None = None
) -> dict[tuple[str, str], list[QualityRow]]:
    """Return the results of rules by dataset and rule, oldest first.

    Args:
        catalog: Iceberg catalog.
        names: names of the deployment.
        rules: names of the rules; None for all.
        dataset: the only dataset to read; None for all.
    """
    from pyiceberg.expressions import AlwaysTrue, And, EqualTo, In, Reference
    from pyiceberg.expressions.literals import literal

    condition: BooleanExpression = AlwaysTrue()
    if rules is not None:
        condition = In(term=Reference(name="rule"), values={literal(rule) for rule in rules})
    if dataset is not None:
        condition = And(condition, EqualTo(term=Reference(name="dataset"), value=literal(dataset)))
    table = catalog.load_table((names.ops_database, OpsTable.QUALITY_RESULTS))
    found: dict[tuple[str, str], list[QualityRow]] = {}
    for row in table.scan(row_filter=condition).to_arrow().to_pylist():
        found.setdefault((row["dataset"], row["rule"]), []).append(QualityRow(**row))
    for results in found.values():
        results.sort(key=lambda result: result.evaluated_at)
    return found


def last_pass(catalog: "Catalog", rule: str, *, names: Names, dataset: str) -> datetime | None:
    """Return when a rule last passed on a dataset; None if it never did."""
    found = results_of(catalog, names=names, rules=[rule], dataset=dataset).get((dataset, rule), [])
    return max((result.evaluated_at for result in found if result.result == Verdict.PASS), default=None)


def reasons(
    catalog: "Catalog", *, names: Names, dataset: str, run_ids: Iterable[str]
) -> dict[tuple[str, str], list[str]]:
    """Return why gates did not pass, by run and batch: each failed rule of severity `error` with its reason."""
    from pyiceberg.expressions import And, EqualTo, In, NotEqualTo, Reference
    from pyiceberg.expressions.literals import literal

    def equals(name: str, value: str) -> EqualTo:
        return EqualTo(term=Reference(name=name), value=literal(value))

    table = catalog.load_table((names.ops_database, OpsTable.QUALITY_RESULTS))
    condition = And(
        And(equals("dataset", dataset), equals("severity", Severity.ERROR)),
        And(
            In(term=Reference(name="run_id"), values={literal(run_id) for run_id in run_ids}),
            NotEqualTo(term=Reference(name="result"), value=literal(str(Verdict.PASS))),
        ),
    )
    failures: dict[tuple[str, str], list[str]] = {}
    for row in table.scan(row_filter=condition).to_arrow().to_pylist():
        reason = f"{row['rule']} {row['result']}: {row['reason']}"
        failures.setdefault((row["run_id"], row["batch_id"]), []).append(reason)
    return failures


def _result(
    rule: QualityRule, verdict: Verdict, *, measured: Decimal | None = None, reason: str | None = None
) -> Result:
    return Result(
        rule=rule.name,
        expected=expectation(rule),
        severity=rule.severity,
        verdict=verdict,
        measured=measured,
        reason=reason,
    )
