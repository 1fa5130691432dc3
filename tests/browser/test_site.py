"""The catalog page in a browser: hostile texts do nothing, axe-core finds nothing, and the search finds a column."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from lakehouse.site.pages import pages
from lakehouse.site.write import write
from tests.support.repository import ROOT
from tests.support.screenshots import keep
from tests.support.site.facts import HOSTILE, facts

AXE = ROOT / ".axe" / "node_modules" / "axe-core" / "axe.min.js"
WIDTHS = {"phone": 360, "desktop": 1400}
PAGES = ("index.html", "search.html", "glossary.html", "datasets/*.html", "models/*.html")


@pytest.fixture
def site(tmp_path: Path) -> Path:
    text = " ".join(HOSTILE)
    write(pages(facts("orders", text, text=text), docs="../docs/"), tmp_path / "site")
    return tmp_path / "site"


@pytest.fixture(params=["light", "dark"])
def shown(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    with browser.new_context(color_scheme=request.param, reduced_motion="reduce") as context:
        yield context.new_page()


@pytest.mark.skipif(not AXE.is_file(), reason="axe-core is not installed: `make test-browser` installs it into .axe/")
@pytest.mark.parametrize("width", WIDTHS.values(), ids=list(WIDTHS))
def test_hostile_texts_do_nothing_and_every_page_is_accessible(site: Path, shown: Page, width: int) -> None:
    asked: list[str] = []
    wrong: list[str] = []
    shown.on("request", lambda request: asked.append(request.url))
    shown.on("pageerror", lambda error: wrong.append(str(error)))
    shown.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    shown.on("dialog", lambda dialog: (wrong.append(dialog.message), dialog.dismiss()))
    shown.set_viewport_size({"width": width, "height": 800})
    for path in sorted(path for pattern in PAGES for path in site.glob(pattern)):
        shown.goto(path.as_uri())
        if path.name == "search.html":
            shown.get_by_label("Name, column").fill("orders")
            expect(shown.locator("#found a").first).to_have_text("orders")
        assert shown.evaluate("document.documentElement.scrollWidth") <= width, path
        shown.evaluate(AXE.read_text(encoding="utf-8"))
        # Without preload, which asks for the style sheet by a script: the policy of the page forbids that.
        run = "axe.run({preload: false}).then(({violations}) => violations.map(one => [one.id, one.nodes[0].html]))"
        found = shown.evaluate(run)
        assert found == [], path
    assert not [url for url in asked if not url.startswith(site.as_uri())]
    assert wrong == []


def test_the_search_finds_one_column_of_a_thousand_datasets_at_once(page: Page, tmp_path: Path) -> None:
    write(pages(facts(*(f"dataset_{number:04}" for number in range(1000))), docs="../docs/"), tmp_path / "site")
    page.goto((tmp_path / "site" / "search.html").as_uri())
    page.get_by_label("Name, column").fill("0777")
    expect(page.locator("#count")).to_have_text("1 found")
    took = page.evaluate("() => { const start = performance.now(); search(); return performance.now() - start; }")
    assert took < 200
    page.locator("#found a").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("dataset_0777")
    keep(page, "catalog", tmp_path)
