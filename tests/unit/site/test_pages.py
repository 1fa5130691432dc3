"""The pages of given facts: no text adds an element, no value of a record is shown, equal facts give equal bytes."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lakehouse.errors import LakehouseError
from lakehouse.site import glossary, model_docs, problems
from lakehouse.site.pages import pages
from lakehouse.site.write import write
from tests.support.examples import examples
from tests.support.repository import ROOT
from tests.support.site.facts import HOSTILE, SECRET, facts

DOCS = "../docs/"


class Structure(HTMLParser):
    """Elements with the names of their attributes, links, and text of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, ...]] = []
        self.links: list[str] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, *(name for name, _ in attrs)))
        self.links += [str(value) for name, value in attrs if name in ("href", "src")]

    def handle_endtag(self, tag: str) -> None:
        self.elements.append((f"/{tag}",))

    def handle_data(self, data: str) -> None:
        self.text += data


def html(text: str, name: str) -> list[Structure]:
    made = pages(facts(name, text=text), docs=DOCS)
    return [Structure(made[page]) for page in made if page.endswith(".html")]


PLAIN = html("x", "x")


@example(text=" ".join(HOSTILE))
@settings(max_examples=examples(60), deadline=None)
@given(text=st.text(min_size=1, max_size=40).filter(str.strip))
def test_no_text_adds_an_element_or_a_link(text: str) -> None:
    found = html(text, text)
    assert [page.elements for page in found] == [page.elements for page in PLAIN]
    for page in found:
        for link in page.links:
            assert re.fullmatch(r"#content|(\.\./)*(docs/)?[a-z0-9_./#-]+", link), link
    assert " ".join(text.split()) in " ".join("".join(page.text for page in found).split()) or "\0" in text


def test_no_page_shows_what_a_run_wrote_about_a_record() -> None:
    assert not [page for page, text in pages(facts("orders"), docs=DOCS).items() if SECRET in text]


def test_every_link_leads_to_a_page_or_a_heading_of_the_documentation() -> None:
    made = pages(facts("orders", "customers"), docs=DOCS)
    for page, text in made.items():
        if page.endswith(".html"):
            for link in Structure(text).links:
                target, _, heading = link.partition("#")
                parts: list[str] = []
                for part in (PurePosixPath("site") / PurePosixPath(page).parent / target).parts:
                    parts = parts[:-1] if part == ".." else [*parts, part]
                if parts[0] == "docs":
                    headings = re.findall(r"^#+ (.+)$", (ROOT / "/".join(parts)).read_text(), re.MULTILINE)
                    slugs = {re.sub(r"[^\w\- ]", "", one.lower()).replace(" ", "-") for one in headings}
                    assert not heading or heading in slugs, link
                else:
                    assert not target or "/".join(parts[1:]) in made, link


def test_equal_facts_give_equal_bytes_and_a_change_changes_its_pages_alone() -> None:
    one = facts("customers", "orders")
    before = pages(one, docs=DOCS)
    assert pages(facts("customers", "orders"), docs=DOCS) == before
    changed = replace(one.statuses["orders"], waiting=5)
    after = pages(replace(one, statuses={**one.statuses, "orders": changed}), docs=DOCS)
    assert {page for page in after if after[page] != before[page]} == {"datasets/orders.html"}


def test_a_problem_comes_first_and_names_the_next_commands() -> None:
    one = facts("a_good", "b_broken")
    good = replace(one.statuses["a_good"], blocked=(), stale=None, failed=None)
    shown = Structure(pages(replace(one, statuses={**one.statuses, "a_good": good}), docs=DOCS)["index.html"]).text
    assert shown.index("b_broken") < shown.index("a_good")
    assert problems.of_dataset(good) == []
    found = problems.of_dataset(one.statuses["b_broken"])
    assert [problem.word for problem in found] == ["blocked", "failed", "stale"]
    rerun = "lakehouse rerun b_broken b_broken-00000002"
    assert rerun in found[0].commands
    prod = pages(replace(one, names=replace(one.names, environment="prod")), docs=DOCS)["datasets/b_broken.html"]
    assert f"{rerun} --env prod\n" in Structure(prod).text


def test_the_project_s_own_models_and_terms_are_read() -> None:
    docs = model_docs.read(ROOT / "models")
    assert "Number of the version among those of its key" in docs["curated.dim_customer"].columns["version"]
    assert all(model.description and model.domain for model in docs.values())
    terms = {(term.name, term.where): term.meaning for term in glossary.read(ROOT / "docs" / "glossary.md")}
    assert len(terms) > 60
    assert terms["snapshot", "Iceberg"] == "the state of a table after a commit; time travel reads it."
    assert not [meaning for meaning in terms.values() if "](" in meaning or "`" in meaning]


def test_a_build_replaces_its_own_folder_and_no_other(tmp_path: Path) -> None:
    write(pages(facts("old", "orders"), docs=DOCS), tmp_path / "site")
    write({**pages(facts("orders"), docs=DOCS), "odd.html": "\ud800"}, tmp_path / "site")
    assert [path.name for path in (tmp_path / "site" / "datasets").iterdir()] == ["orders.html"]
    (tmp_path / "own.txt").touch()
    with pytest.raises(LakehouseError, match="contains files that no `lakehouse site build` wrote"):
        write({}, tmp_path)
