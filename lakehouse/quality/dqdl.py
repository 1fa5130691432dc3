"""Write the quality rules of a contract as rulesets of AWS Glue Data Quality, one for each table they are measured on.

Each rule measures the same as `lakehouse.quality.measure`. DQDL's rule types are used where they count the same rows.
Where they would count tombstones, or treat null differently, the rule is SQL (CustomSql).

Source: AWS Glue developer guide, "Data Quality Definition Language (DQDL) reference".
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from lakehouse.contracts import dms
from lakehouse.contracts.columns import BATCH_ID, COMMIT_TIMESTAMP, DELETED, ERRORS, INGESTED_AT, OPERATION
from lakehouse.contracts.model import Contract, Ingest, QualityRule
from lakehouse.names import Zone
from lakehouse.quality import rules
from lakehouse.quality.metric_sql import metric

ALL_ROWS = "primary"
"""DQDL's name of the table that a ruleset is evaluated on."""

_COMPARISONS = {
    "mustBe": "= {0}",
    "mustNotBe": "!= {0}",
    "mustBeGreaterThan": "> {0}",
    "mustBeGreaterOrEqualTo": ">= {0}",
    "mustBeLessThan": "< {0}",
    "mustBeLessOrEqualTo": "<= {0}",
}
# DQDL's `between` excludes its ends; that of ODCS includes them.
_BETWEEN = {
    "mustBeBetween": "({0} >= {1}) and ({0} <= {2})",
    "mustNotBeBetween": "({0} < {1}) or ({0} > {2})",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruleset:
    """The rules of one table.

    Attributes:
        zone: zone of the table.
        text: the ruleset in DQDL.
        description: the measured rows, and the rules that are left out, with the reason.
    """

    zone: Zone
    text: str
    description: str


def rulesets(contract: Contract) -> list[Ruleset]:
    """Return the rulesets of a dataset: of its newest batch in raw, and of its live rows in integration."""
    return [ruleset for ruleset in (_raw_ruleset(contract), _integration_ruleset(contract)) if ruleset is not None]


def _raw_ruleset(contract: Contract) -> Ruleset | None:
    deletes = f" AND coalesce({OPERATION}, '') <> '{dms.DELETE}'" if contract.source.has_operations else ""
    newest = f"{BATCH_ID} = (SELECT max({BATCH_ID}) FROM {ALL_ROWS})"  # noqa: S608 - only names of this library
    record_rules = [rule for rule in contract.quality if rule.metric in rules.OF_A_RECORD]
    return _ruleset(
        contract,
        [rules.accepted(may_be_empty=contract.may_be_empty), *record_rules],
        zone=Zone.RAW,
        rows=_where(f"{newest} AND {ERRORS} IS NULL{deletes}"),
        subject="accepted records of the newest batch",
        left_out={rules.VOLUME: "compares a batch with those before it"},
    )


def _integration_ruleset(contract: Contract) -> Ruleset | None:
    freshness = rules.freshness(contract)
    return _ruleset(
        contract,
        [*contract.quality, *([freshness] if freshness else [])],
        zone=Zone.INTEGRATION,
        rows=ALL_ROWS if contract.ingest is Ingest.APPEND else _where(f"NOT {DELETED}"),
        subject="live rows",
        left_out={},
    )


def _ruleset(
    contract: Contract,
    rules_of_table: Iterable[QualityRule],
    *,
    zone: Zone,
    rows: str,
    subject: str,
    left_out: dict[str, str],
) -> Ruleset | None:
    """Return the ruleset of a table; None if DQDL can express none of its rules."""
    texts = []
    for rule in rules_of_table:
        try:
            texts.append(f"    # {rule.name} ({rule.severity})\n    {_rule(rule, contract, rows=rows)}")
        except ValueError as reason:
            left_out |= {rule.name: str(reason)}
    if not texts:
        return None
    description = f"Rules of contract {contract.dataset} {contract.version} on {subject}"
    if left_out:
        description += "; left out: " + ", ".join(f"{name} ({reason})" for name, reason in left_out.items())
    return Ruleset(zone=zone, text="Rules = [\n" + ",\n".join(texts) + "\n]", description=description[:2048])


def _rule(rule: QualityRule, contract: Contract, *, rows: str) -> str:
    """Return one rule in DQDL.

    Raises:
        ValueError: DQDL cannot express the rule.
    """
    numbers = [f"{number.normalize():f}" for number in rule.thresholds]
    if rows == ALL_ROWS and rule.metric == "nullValues" and (rule.operator, *numbers) == ("mustBe", "0"):
        return f'IsComplete "{rule.column}"'
    if rows == ALL_ROWS and rule.metric == "rowCount":
        subject = "RowCount"
    else:
        sql = _sql(rule, contract, rows=rows)
        if '"' in sql or "\\" in sql:
            raise ValueError('DQDL has no certain way to write the " or \\ of its query')
        subject = f'CustomSql "{sql}"'
    if rule.operator in _BETWEEN:
        return _BETWEEN[rule.operator].format(subject, *numbers)
    return f"{subject} {_COMPARISONS[rule.operator].format(*numbers)}"


def _sql(rule: QualityRule, contract: Contract, *, rows: str) -> str:
    """Return a query for the number that a rule measures."""
    if rule.query is not None:
        if rows != ALL_ROWS and re.search(r"\{table\}\s*\.", rule.query):
            raise ValueError("its query qualifies columns with the table, which stands for a part of its rows here")
        return rule.query.strip().replace("{table}", rows).replace("{column}", f"`{rule.column}`")
    if rule.metric is None:  # freshness is the only rule without query and metric
        stamp = COMMIT_TIMESTAMP if contract.source.has_commit_time else INGESTED_AT
        measure = f"(unix_micros(current_timestamp()) - max(unix_micros({stamp}))) / 60000000"
    else:
        count = metric(rule, contract)
        measure = f"100.0 * {count} / count(*)" if rule.percent else count
    return f"SELECT {measure} FROM {rows}"  # noqa: S608 - only names and literals of this library


def _where(condition: str) -> str:
    return f"(SELECT * FROM {ALL_ROWS} WHERE {condition})"  # noqa: S608 - only names of this library
