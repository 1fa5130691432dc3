"""What the page of a dataset shows."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from lakehouse.contracts.model import Contract, Source
from lakehouse.engine.athena import identifier
from lakehouse.governance.access import Row, Sight
from lakehouse.governance.roles import ROLES
from lakehouse.names import Zone
from lakehouse.site import problems
from lakehouse.site.batches import last_batches
from lakehouse.site.facts import Facts
from lakehouse.site.rendering import Link, Site
from lakehouse.site.trend import trend
from lakehouse.tables.rows import QualityRow

BATCHES, SQL_COLUMNS = 10, 8
"""Most batches, and most columns of the sample query."""


def dataset(
    contract: Contract, facts: Facts, *, site: Site, rules: Mapping[str, Sequence[QualityRow]]
) -> dict[str, Any]:
    """Return what the page shows.

    Args:
        contract: the dataset.
        facts: facts of the site.
        site: links.
        rules: results of the dataset by rule, oldest first.
    """
    name, status = contract.dataset, facts.statuses[contract.dataset]
    tables = [f"{zone}.{name}" for zone in (Zone.RAW, Zone.INTEGRATION)]
    roles = who_sees(facts.access.get(tables[1], ()))
    return {
        "contract": contract,
        "source": _source(contract.source),
        "status": status,
        "problems": problems.of_dataset(status),
        "columns": [(column, roles.get(column.name, "")) for column in contract.columns],
        "rules": list(_rules(contract, rules)),
        "batches": last_batches(facts.attempts[name], blocked=status.blocked, most=BATCHES),
        "rejected": sorted(facts.rejected.get(name, {}).items(), key=lambda one: (-one[1], one[0][0] or "", one[0][1])),
        "above": neighbours(facts, tables, site=site, up=True),
        "below": neighbours(facts, tables, site=site, up=False),
        "sql": sample(f"{facts.names.database(Zone.INTEGRATION)}.{name}", [column.name for column in contract.columns]),
    }


def who_sees(rows: Iterable[Row]) -> dict[str, str]:
    """Return by column the roles that see it, with those that see only some rows marked."""
    marks = {Sight.ALL: "", Sight.SOME_ROWS: " (some rows)"}
    return {
        row.column: ", ".join(
            f"{role}{marks[seen]}" for role, seen in zip(ROLES, row.seen, strict=True) if seen in marks
        )
        for row in rows
    }


def neighbours(facts: Facts, tables: Sequence[str], *, site: Site, up: bool) -> list[Link]:
    """Return links to all tables and sources that some tables are made of, or that are made of them."""
    reached = {name for table in tables for name in facts.graph.reached(table, up=up)}
    return [site.link(name) for name in sorted(reached - set(tables))]


def sample(table: str, columns: Sequence[str]) -> str:
    """Return a query of a table, `database.table`."""
    database, _, name = table.partition(".")
    shown = ", ".join(map(identifier, columns[:SQL_COLUMNS])) or "*"
    return f"SELECT {shown}\nFROM {identifier(database)}.{identifier(name)}\nLIMIT 10"


def _source(source: Source) -> str:
    where = [source.database, source.schema, source.table]
    return " ".join(filter(None, (source.name, f"({source.type}, {source.format})", ".".join(filter(None, where)))))


def _rules(contract: Contract, results: Mapping[str, Sequence[QualityRow]]) -> Iterator[dict[str, Any]]:
    """Yield each rule of the contract, then the built-in ones, with its last result in each zone."""
    rules = {rule.name: rule for rule in contract.quality}
    for name in dict.fromkeys([*rules, *sorted(results)]):
        rule = rules.get(name)
        about = {
            "name": name,
            "column": rule.column if rule else None,
            "description": rule.description if rule else "",
            "severity": rule.severity if rule else "",
        }
        by_zone = sorted(results.get(name, ()), key=lambda one: one.zone)
        for zone, group in groupby(by_zone, key=lambda one: one.zone):
            rows = list(group)
            severity = about["severity"] or rows[-1].severity
            yield about | {"zone": zone, "severity": severity, "last": rows[-1], "trend": trend(rows)}
        if not by_zone:
            yield about | {"zone": "", "last": None, "trend": None}
