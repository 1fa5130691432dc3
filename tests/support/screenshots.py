"""Pictures of pages: of every test run in its own folder; where LAKEHOUSE_PICTURES says so, for the documentation."""

import os
from pathlib import Path

from playwright.sync_api import Page

FOLDER = "LAKEHOUSE_PICTURES"
LARGEST = 300_000
"""Bytes: pictures are in the repository."""


def keep(page: Page, name: str, folder: Path) -> None:
    """Take a picture of what a page shows."""
    path = Path(os.environ.get(FOLDER, folder)) / f"{name}.png"
    page.screenshot(path=path)
    assert 10_000 < path.stat().st_size < LARGEST, path
