"""The picture of the architecture shows what is deployed, all of it, and as it is today."""

from dataclasses import replace
from xml.etree import ElementTree

import pytest

from lakehouse.names import Move, Names, Zone
from reports import picture, svg
from reports.flows import flows
from tests.support.templates.assembly import Assembly
from tests.support.templates.synthesis import DEV

SVG = "{http://www.w3.org/2000/svg}"
CHARACTER_WIDTH = 6.4
"""Of small text, in pixels; a little above the average of the fonts in use."""


@pytest.fixture(scope="module")
def production(everything: dict[str, Assembly]) -> Assembly:
    return everything[f"{picture.ENVIRONMENT}-{picture.PROFILE}"]


@pytest.fixture(scope="module")
def names() -> Names:
    return replace(DEV, environment=picture.ENVIRONMENT)


@pytest.fixture(scope="module")
def drawn(production: Assembly, names: Names) -> str:
    return picture.draw(production.templates, names=names)


def test_flows_are_those_that_roles_allow(production: Assembly, names: Names) -> None:
    found = {flow.job: (flow.reads, flow.writes) for flow in flows(production.templates, names=names)}
    assert found == {
        names.job(Move.STAGE_TO_RAW): (Zone.STAGE, Zone.RAW),
        names.job(Move.RAW_TO_INTEGRATION): (Zone.RAW, Zone.INTEGRATION),
    }


def test_every_stack_and_zone_is_in_it_and_every_text_in_its_box(
    drawn: str, production: Assembly, names: Names
) -> None:
    root = ElementTree.fromstring(drawn)  # noqa: S314 -- drawn a moment ago
    texts = {text.text for text in root.iter(f"{SVG}text")}
    assert {stack.removeprefix(f"{names.prefix}-") for stack in production.templates} <= texts
    assert {zone.value for zone in Zone} <= texts
    boxes = [
        {name: float(value) for name, value in box.items() if name not in ("class", "rx")}
        for box in root.iter(f"{SVG}rect")
    ]
    for text in root.iter(f"{SVG}text"):
        x, y, content = float(text.get("x", 0)), float(text.get("y", 0)), text.text or ""
        inside = [box for box in boxes[1:] if 0 < x - box["x"] < box["width"] and 0 < y - box["y"] < box["height"]]
        for box in inside:
            if text.get("text-anchor") is None:
                assert x + len(content) * CHARACTER_WIDTH <= box["x"] + box["width"], content


def test_the_picture_is_of_today(drawn: str) -> None:
    assert picture.FILE.read_text() == drawn, "`make docs` draws it again"


def test_text_that_looks_like_markup_is_text() -> None:
    content = '<script> & "others"'
    [text] = ElementTree.fromstring(f"<svg>{svg.text(content, x=0, y=0, kind='small')}</svg>")  # noqa: S314
    assert text.text == content
