"""Write a lineage graph as one HTML page that needs neither a server nor a network."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from lakehouse.lineage.graph import Graph, Place, Table

TEMPLATE = Path(__file__).with_name("page.html")
DATA = "__DATA__"


def page(graph: Graph, *, chosen: Place | None = None) -> str:
    """Return the page.

    Args:
        graph: the graph.
        chosen: column whose path is marked when the page opens.
    """
    used = {place for edge in graph.edges for place in (edge.source, edge.target)}
    data = {
        "tables": [
            {
                "name": name,
                "layer": layer,
                "facts": _facts(graph.tables[name]),
                "columns": [
                    {"name": column, "type": type_}
                    for column, type_ in graph.tables[name].columns.items()
                    if (name, column) in used
                ],
            }
            for name, layer in sorted(_layers(graph).items(), key=lambda item: (item[1], item[0]))
        ],
        "edges": [{"from": edge.source, "to": edge.target, "how": edge.how} for edge in graph.edges],
        "chosen": chosen if chosen and chosen[1] else None,
    }
    return TEMPLATE.read_text(encoding="utf-8").replace(DATA, _embedded(data))


def _embedded(data: Any) -> str:
    """Return JSON with `<` escaped, so that it cannot end the script element that contains it."""
    return json.dumps(data).replace("<", "\\u003c")


def _layers(graph: Graph) -> dict[str, int]:
    """Return for each table the most steps between it and a source."""

    @cache
    def layer(name: str) -> int:
        return max((1 + layer(edge.source[0]) for edge in graph.sources((name, None))), default=0)

    return {name: layer(name) for name in graph.tables}


def _facts(table: Table) -> list[str]:
    """Return lines about a table: its last run, its batches and its checks."""
    if not table.runs:
        return ["source"]
    last = table.runs[0]
    lines = [last.job, f"{last.at:%Y-%m-%d %H:%M} UTC" + ("" if last.rows is None else f", {last.rows:,} rows")]
    lines += [f"{', '.join(run.batch_ids)}, files: {len(run.files)}" for run in table.runs if run.files]
    if table.checks:
        failed = ", ".join(rule for rule, passed in table.checks.items() if not passed)
        lines.append(f"checks failed: {failed}" if failed else f"checks passed: {len(table.checks)}")
    return lines
