"""Results of quality rules: one row each in `ops.quality_results`, and together the gate of a move."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What became of one rule.

    Args:
        rule: its name.
        expected: the comparison, as `mustBeLessThan 10`.
        severity: whether it stops the dataset.
        verdict: PASS, FAIL or NOT_EVALUATED.
        measured: what was measured; None if it could not be.
        reason: why it is not PASS.
    """

    rule: str
    expected: str
    severity: Severity
    verdict: Verdict
    measured: Decimal | None = None
    reason: str | None = None


def judged(rule: QualityRule, measured: Decimal) -> Result:
    """Compare what was measured with what the rule expects."""
    if compares(rule.operator, measured, rule.thresholds):
        return _result(rule, Verdict.PASS, measured=measured)
    reason = f"{measured.normalize():f}{' %' if rule.percent else ''}, {expectation(rule)}"
    return _result(rule, Verdict.FAIL, measured=measured, reason=reason)


def not_evaluated(rule: QualityRule, *, reason: str) -> Result:
    return _result(rule, Verdict.NOT_EVALUATED, reason=reason)


def expectation(rule: QualityRule) -> str:
    """The comparison in the standard's words, e.g. `mustBeLessThan 10 %`."""
    return (
        f"{rule.operator} {' and '.join(f'{n.normalize():f}' for n in rule.thresholds)}{' %' if rule.percent else ''}"
    )


def compares(operator: str, measured: Decimal, thresholds: tuple[Decimal, ...]) -> bool:
    """Whether a measure passes an operator of ODCS; both ends of `Between` belong to it."""
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
    """What rules of severity `error` say together: FAIL if one fails, NOT_EVALUATED if one could not be evaluated."""
    verdicts = {result.verdict for result in results if result.severity is Severity.ERROR}
    return next((verdict for verdict in (Verdict.FAIL, Verdict.NOT_EVALUATED) if verdict in verdicts), Verdict.PASS)


def record(
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
        for batch_id, of_batch in results.items()
        for result in of_batch
    ]
    rows.append(catalog, quality_rows, names=names)


def reasons(
    catalog: "Catalog", *, names: Names, dataset: str, run_ids: Iterable[str]
) -> dict[tuple[str, str], list[str]]:
    """Why gates did not pass, by run and batch: each rule of severity `error` with its reason."""
    from pyiceberg.expressions import And, EqualTo, In, NotEqualTo, Reference
    from pyiceberg.expressions.literals import literal

    def equals(name: str, value: str) -> EqualTo:
        return EqualTo(term=Reference(name=name), value=literal(value))

    table = catalog.load_table((names.ops_database, OpsTable.QUALITY_RESULTS))
    wanted = And(
        And(equals("dataset", dataset), equals("severity", Severity.ERROR)),
        And(
            In(term=Reference(name="run_id"), values={literal(run_id) for run_id in run_ids}),
            NotEqualTo(term=Reference(name="result"), value=literal(str(Verdict.PASS))),
        ),
    )
    found: dict[tuple[str, str], list[str]] = {}
    for row in table.scan(row_filter=wanted).to_arrow().to_pylist():
        said = f"{row['rule']} {row['result']}: {row['reason']}"
        found.setdefault((row["run_id"], row["batch_id"]), []).append(said)
    return found


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
