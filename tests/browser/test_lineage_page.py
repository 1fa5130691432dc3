"""The lineage page in a browser: a column is chosen, and its path is marked from the database to the mart."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.support.demo.command_line import cli
from tests.support.demo.finished_demo import aws, finished, started
from tests.support.screenshots import keep

__all__ = ["aws", "finished", "started"]  # fixtures

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1800)]


def column(page: Page, name: str) -> Locator:
    return page.locator(f'[data-column="{name}"]')


@pytest.mark.usefixtures("finished")
def test_a_column_is_followed_up_and_down(page: Page, tmp_path: Path) -> None:
    file = tmp_path / "lineage.html"
    cli("lineage", "fct_order_items", "--upstream", "--downstream", "--html", file)
    asked: list[str] = []
    faults: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(file.as_uri())
    expect(page.locator(".marked")).to_have_count(0)
    assert page.locator("section").count() > 10

    column(page, "curated.fct_order_items.net_amount").click()
    path = [
        "postgresql://shop/shop.public.order_items.unit_price",
        "raw.order_items.unit_price",
        "integration.order_items.unit_price",
        "curated.fct_order_items.net_amount",
        "curated.sales_by_region_month.net_revenue",
    ]
    for name in path:
        expect(column(page, name)).to_have_class(re.compile("marked"))
    expect(column(page, "raw.order_items.order_id")).not_to_have_class(re.compile("marked"))
    expect(column(page, "curated.sales_by_region_month.orders")).not_to_have_class(re.compile("marked"))
    expect(page.locator("#how")).to_contain_text("lines.quantity * lines.unit_price * (1 - lines.discount)")
    expect(page.locator("path.marked")).to_have_count(3 * 3 + 1)  # three columns of the source, one of the mart

    page.keyboard.press("Escape")
    expect(page.locator(".marked")).to_have_count(0)
    assert asked == [file.as_uri()]
    assert faults == []


@pytest.mark.usefixtures("finished")
def test_a_page_opens_on_the_column_that_was_asked_for(page: Page, tmp_path: Path) -> None:
    file = tmp_path / "lineage.html"
    cli("lineage", "dim_customer.region", "--html", file)
    page.set_viewport_size({"width": 1420, "height": 440})
    page.goto(file.as_uri())
    expect(column(page, "curated.dim_customer.region")).to_have_class(re.compile("chosen"))
    expect(page.locator("button.marked")).to_have_count(4)
    keep(page, "lineage", tmp_path)
