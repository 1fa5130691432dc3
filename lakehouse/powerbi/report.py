"""Write the report in PBIR: a page for each fact table with indicators, a chart by month and a table by a dimension.

Source: the JSON schemas of PBIR at developer.microsoft.com/json-schemas/fabric/item/report/definition.
"""

import json
from collections.abc import Mapping
from typing import Any

from lakehouse.metrics.model import Additivity, Metrics
from lakehouse.powerbi import measures, tmdl
from lakehouse.powerbi.star import Star

SCHEMAS = "https://developer.microsoft.com/json-schemas/fabric/item/report/definition"
WIDTH, HEIGHT = 1280, 720
_MARGIN, _CARD_HEIGHT, _CARDS = 16, 120, 5

Json = Mapping[str, Any]


def files(star: Star, metrics: Metrics) -> dict[str, str]:
    """Return the files of the report by path in its folder `definition`."""
    shown: dict[str, list[str]] = {}
    for name in measures.shown(metrics, star):
        shown.setdefault(measures.table_of(metrics, name), []).append(name)
    content: dict[str, Json] = {
        "version.json": {"$schema": f"{SCHEMAS}/versionMetadata/1.0.0/schema.json", "version": "2.0.0"},
        "report.json": {"$schema": f"{SCHEMAS}/report/3.0.0/schema.json", "themeCollection": {}},
        "pages/pages.json": {
            "$schema": f"{SCHEMAS}/pagesMetadata/1.0.0/schema.json",
            "pageOrder": [_id("page", table) for table in shown],
            "activePageName": _id("page", next(iter(shown), "")),
        },
    }
    for table, several in shown.items():
        page = _id("page", table)
        content[f"pages/{page}/page.json"] = {
            "$schema": f"{SCHEMAS}/page/2.0.0/schema.json",
            "name": page,
            "displayName": table.removeprefix("fct_").replace("_", " ").capitalize(),
            "displayOption": "FitToPage",
            "height": HEIGHT,
            "width": WIDTH,
        }
        for number, visual in enumerate(_visuals(table, several, star, metrics)):
            name = _id("visual", table, str(number))
            content[f"pages/{page}/visuals/{name}/visual.json"] = {
                "$schema": f"{SCHEMAS}/visualContainer/2.4.0/schema.json",
                "name": name,
                **visual,
            }
    return {path: to_json(value) for path, value in content.items()}


def to_json(value: Json) -> str:
    """Return a JSON file; keys keep their order, which is always the same."""
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def _id(*path: str) -> str:
    return tmdl.tag("report", *path).replace("-", "")[:20]


def _visuals(table: str, several: list[str], star: Star, metrics: Metrics) -> list[Json]:
    """Return the visuals of a page: indicators at the top, below them a chart and a table."""
    cards = several[:_CARDS]
    width = (WIDTH - _MARGIN * (len(cards) + 1)) / len(cards)
    visuals = [
        _visual(
            "card",
            {"Values": [_measure(metrics, name)]},
            box=(_MARGIN + number * (width + _MARGIN), _MARGIN, width, _CARD_HEIGHT),
        )
        for number, name in enumerate(cards)
    ]
    top = _CARD_HEIGHT + 2 * _MARGIN
    box = ((WIDTH - 3 * _MARGIN) / 2, HEIGHT - top - _MARGIN)
    related = [one.to_table for one in star.relationships if one.table == table]
    days = next((star.tables[name] for name in related if star.tables[name].day), None)
    additive = [name for name in several if metrics.additivity(name) is Additivity.ADDITIVE]
    if days is not None and "month_start" in days.columns:
        chart = {"Category": [_column(days.name, "month_start")], "Y": [_measure(metrics, (additive or several)[0])]}
        visuals.append(_visual("columnChart", chart, box=(_MARGIN, top, *box)))
    values = [_measure(metrics, name) for name in several]
    if group := _group(related, star):
        values.insert(0, _column(*group))
    visuals.append(_visual("tableEx", {"Values": values}, box=(2 * _MARGIN + box[0], top, *box)))
    return [
        {"position": {**visual["position"], "tabOrder": number}, "visual": visual["visual"]}
        for number, visual in enumerate(visuals)
    ]


def _group(related: list[str], star: Star) -> tuple[str, str] | None:
    """Return the first text that a related table can be grouped by: neither a key nor a date."""
    for name in related:
        table = star.tables[name]
        for column in table.columns.values():
            if not table.day and column.type == "string" and column.name not in star.keys(name):
                return name, column.name
    return None


def _visual(kind: str, roles: Mapping[str, list[Json]], *, box: tuple[float, float, float, float]) -> Json:
    x, y, width, height = (round(one, 2) for one in box)
    return {
        "position": {"x": x, "y": y, "z": 0, "height": height, "width": width},
        "visual": {
            "visualType": kind,
            "query": {"queryState": {role: {"projections": fields} for role, fields in roles.items()}},
            "drillFilterOtherVisuals": True,
        },
    }


def _measure(metrics: Metrics, name: str) -> Json:
    table, label = measures.table_of(metrics, name), tmdl.one_line(metrics.metrics[name].label)
    return _field("Measure", table, label)


def _column(table: str, column: str) -> Json:
    return _field("Column", table, tmdl.one_line(column))


def _field(kind: str, table: str, member: str) -> Json:
    return {
        "field": {kind: {"Expression": {"SourceRef": {"Entity": table}}, "Property": member}},
        "queryRef": f"{table}.{member}",
        "nativeQueryRef": member,
    }
