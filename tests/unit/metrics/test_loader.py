"""The project's metrics load; a definition that cannot be right is refused with place and remedy."""

import re
import shutil
from pathlib import Path

import pytest
import yaml

from lakehouse.errors import LakehouseError
from lakehouse.metrics import dimensions
from lakehouse.metrics.loader import load
from lakehouse.metrics.model import Additivity
from tests.support.repository import ROOT

MODELS = ROOT / "models"
FILE = Path("metrics") / "sales.yml"


def changed(folder: Path, *changes: tuple[str, str]) -> Path:
    """A copy of the project in which texts of the metrics are replaced."""
    project = folder / "models"
    shutil.copytree(MODELS, project, ignore=shutil.ignore_patterns("target", "logs", "__pycache__"))
    text = (project / FILE).read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    (project / FILE).write_text(text)
    return project


def test_the_metrics_of_the_project() -> None:
    metrics = load(MODELS)
    by_unit = {name: metrics.additivity(name) for name in metrics.metrics}
    assert by_unit["net_revenue"] is Additivity.ADDITIVE
    assert {by_unit[name] for name in ("orders", "average_order_value", "total_revenue")} == {Additivity.NON_ADDITIVE}
    assert "is_sale" not in {name.partition("__")[2] for name in dimensions.of_metric(metrics, "total_revenue")}
    statuses = yaml.safe_load((MODELS / "dbt_project.yml").read_text())["vars"]["statuses_without_revenue"]
    is_sale = metrics.models["order_items"].dimensions["is_sale"].expr
    assert re.findall(r"'(\w+)'", is_sale) == statuses


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("agg: sum", "agg: summ", r"sales\.yml: semantic model order_items: measure gross_amount: agg.*'sum'"),
        ("agg: sum", "agg: percentile", r"agg 'percentile': use one of"),
        ("agg: sum", "agg: sum, non_additive_dimension: {name: x}", r"has 'non_additive_dimension'.*not supported"),
        ("expr: order_id", "expr: order_no", r"order_count: there is no column 'order_no'"),
        ("expr: order_id", "expr: 'order_id, status'", r"is not one SQL expression"),
        ("expr: order_id", "expr: 'sum(order_id)'", r"has 'SUM\(order_id\)', which is not allowed"),
        ("expr: order_id", "expr: 'status in (select 1)'", r"which is not allowed"),
        ("expr: order_id", "expr: '1) from x; drop table y; select (1'", r"no(t one)? SQL expression"),
        ("expr: order_id", "expr: \"{{ env_var('X') }}\"", r"Jinja that is not supported"),
        ("statuses_without_revenue", "statuses", r"no variable 'statuses'"),
        ("ref('fct_order_items')", "fct_order_items", r"write ref\('MODEL'\)"),
        ("ref('fct_order_items')", "ref('fct_orders')", r"no model 'fct_orders': did you mean 'fct_order_items'"),
        ("agg_time_dimension: ordered_at", "agg_time_dimension: status", r"no time dimension 'status'"),
        ("    primary_entity: order_line\n", "", r"order_items has no primary entity"),
        ("{name: status, type: c", "{name: a__b, type: c", r"'a__b' is no name"),
        ("{measure: net_amount}", "{measure: net_amounts}", r"metric net_revenue: there is no measure 'net_amounts'"),
        ("{measure: net_amount}", "{measure: net_amount, join_to_timespine: true}", r"has 'join_to_timespine'"),
        ("order_line__is_sale", "customer__age", r"metric net_revenue: filter: there is no dimension 'customer__age'"),
        ("type: ratio", "type: cumulative", r"type 'cumulative': use one of simple, ratio, derived"),
        ("numerator: net_revenue", "numerator: average_order_value", r"computed from each other"),
        ("metrics: [net_revenue, store_revenue]", "metrics: [net_revenue]", r"there is no input 'store_revenue'"),
        ("unit: GBP, ", "", r"config\.meta has no 'unit'"),
        ("month.net_revenue", "month.netto", r"mart: there is no column 'netto'"),
        ("  - name: gross_revenue\n", "  - name: net_revenue\n", r"two metrics 'net_revenue'"),
    ],
)
def test_a_wrong_definition_is_refused(tmp_path: Path, old: str, new: str, told: str) -> None:
    with pytest.raises(LakehouseError, match=f"(?s){told}"):
        load(changed(tmp_path, (old, new)))
