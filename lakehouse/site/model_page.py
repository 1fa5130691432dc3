"""What the page of a model shows."""

from typing import Any

from lakehouse.names import Zone
from lakehouse.operations.model_status import ModelStatus
from lakehouse.site import problems
from lakehouse.site.dataset_page import neighbours, sample, who_sees
from lakehouse.site.facts import Facts
from lakehouse.site.model_docs import ModelDoc
from lakehouse.site.rendering import Site

RELEASES = 5
"""Most releases in which it changed."""


def model(name: str, facts: Facts, *, site: Site, status: ModelStatus | None) -> dict[str, Any]:
    """Return what the page shows.

    Args:
        name: `zone.table`.
        facts: facts of the site.
        site: links.
        status: status of the model; None if it has never been built.
    """
    empty = ModelDoc(name=name, domain="", owner="", description="", columns={})
    doc, table = facts.docs.get(name, empty), facts.graph.tables.get(name)
    types, access = table.columns if table else {}, facts.access.get(name, ())
    roles, levels = who_sees(access), {row.column: row.classification for row in access}
    columns = list(dict.fromkeys([*doc.columns, *types]))
    zone, _, short = name.partition(".")
    return {
        "doc": doc,
        "status": status,
        "problems": problems.of_model(status) if status else [],
        "waits": [site.link(one) for one in status.waits_for] if status else [],
        "columns": [
            (column, types.get(column, ""), levels.get(column, ""), roles.get(column, ""), doc.columns.get(column, ""))
            for column in columns
        ],
        "checks": table.checks if table else {},
        "run": table.runs[0] if table and table.runs else None,
        "releases": [one for one in facts.releases if name in one.changed][: -RELEASES - 1 : -1],
        "above": neighbours(facts, [name], site=site, up=True),
        "below": neighbours(facts, [name], site=site, up=False),
        "sql": sample(f"{facts.names.database(Zone(zone))}.{short}", columns),
    }
