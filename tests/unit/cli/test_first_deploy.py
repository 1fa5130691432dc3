"""docs/first-deploy.md names verbs, resources and headings that exist."""

import re

import pytest

from lakehouse.cli.verbs import VERBS
from lakehouse.contracts.loader import load_contracts
from lakehouse.names import Names, Zone
from tests.support.repository import ROOT

PAGE = ROOT / "docs" / "first-deploy.md"
NAMES = Names(environment="dev", account="123456789012", region="eu-central-1")
TEXT = PAGE.read_text()


def anchors(text: str) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_its_verbs_exist() -> None:
    used = set(re.findall(r"^lakehouse (\w+)", TEXT, re.MULTILINE))
    assert {"doctor", "tables", "ingest", "run", "query", "cost"} <= used <= VERBS.keys()


@pytest.mark.parametrize(("target", "anchor"), re.findall(r"\]\(([\w./-]*)(?:#([\w-]+))?\)", TEXT))
def test_its_links_lead_somewhere(target: str, anchor: str) -> None:
    file = PAGE.parent / target if target else PAGE
    assert file.exists()
    assert not anchor or anchor in anchors(file.read_text())


def test_its_resources_have_the_names_of_the_deployment() -> None:
    assert {contract.dataset for contract in load_contracts(ROOT / "contracts")} >= {"store_sales", "page_views"}
    for name in (
        NAMES.arrivals,
        NAMES.moves,
        NAMES.moves_log_group,
        NAMES.dbt_project,
        f"{NAMES.job_log_prefix}/",
        NAMES.alarm("dead-letters", of="arrivals"),
        NAMES.alarm("rejected", of="store_sales"),
        f"{NAMES.database(Zone.CURATED)}.fct_store_sales",
        f"{NAMES.database(Zone.RAW)}.store_sales",
    ):
        assert name in TEXT, name
