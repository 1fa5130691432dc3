"""A page in headless Chromium: the machine's own, as the package manager installed it."""

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The browser; a test that needs one is skipped on a machine without."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        pytest.skip(f"there is none of {', '.join(NAMES)} on PATH: apt-get install chromium")
    with sync_playwright() as playwright:
        # As root, as in a container, Chromium's sandbox does not start; a proxy would not know 127.0.0.1.
        launched = playwright.chromium.launch(executable_path=found, args=["--no-sandbox", "--no-proxy-server"])
        yield launched
        launched.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """An empty page of a new profile."""
    with browser.new_context(viewport={"width": 1600, "height": 900}, reduced_motion="reduce") as context:
        yield context.new_page()
