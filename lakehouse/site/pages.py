"""Make the pages of the site from its facts: equal facts give equal bytes."""

from collections.abc import Mapping, Sequence

from lakehouse.lineage.page import page as lineage_page
from lakehouse.names import Zone
from lakehouse.operations.model_status import ModelStatus
from lakehouse.site import problems, search
from lakehouse.site.batches import last_batches
from lakehouse.site.dataset_page import dataset
from lakehouse.site.facts import Facts
from lakehouse.site.model_page import model
from lakehouse.site.rendering import FOLDER, Site, page_of, render
from lakehouse.site.search import Entry
from lakehouse.tables.rows import QualityRow

RELEASES = 10
"""Last releases on the overview."""
STATIC = ("site.css", "site.js")


def pages(facts: Facts, *, docs: str) -> dict[str, str]:
    """Return the text of each file of the site, by its path.

    Args:
        facts: what it shows.
        docs: URL of the documentation, also relative to the folder of the site; ends with `/`.
    """
    built = {one.name: one for one in facts.models}
    models = sorted(facts.docs.keys() | {name for name in built if name.partition(".")[0] in tuple(Zone)})
    environment = facts.names.environment
    site = Site(
        datasets={contract.dataset for contract in facts.contracts},
        models=set(models),
        docs=docs,
        flag="" if environment == "dev" else f" --env {environment}",
    )
    rules: dict[str, dict[str, Sequence[QualityRow]]] = {}
    for (name, rule), results in facts.results.items():
        rules.setdefault(name, {})[rule] = results
    made = {name: (FOLDER / "static" / name).read_text(encoding="utf-8") for name in STATIC} | {
        "lineage.html": lineage_page(facts.graph),
        "index.html": _overview(facts, models, built, site=site),
        "search.html": render("search.html", site, page="search.html"),
        "glossary.html": render("glossary.html", site, page="glossary.html", terms=facts.terms),
        "search-index.js": search.index(_entries(facts, models)),
    }
    for contract in facts.contracts:
        page = page_of("datasets", contract.dataset)
        shown = dataset(contract, facts, site=site, rules=rules.get(contract.dataset, {}))
        made[page] = render("dataset.html", site, page=page, **shown)
    for name in models:
        page = page_of("models", name)
        made[page] = render("model.html", site, page=page, **model(name, facts, site=site, status=built.get(name)))
    return made


def _overview(facts: Facts, models: Sequence[str], built: Mapping[str, ModelStatus], *, site: Site) -> str:
    """Return the first page: what needs action comes first."""
    datasets = []
    for contract in facts.contracts:
        status = facts.statuses[contract.dataset]
        batch = last_batches(facts.attempts[contract.dataset], blocked=status.blocked, most=1)
        link = site.link(f"{Zone.INTEGRATION}.{contract.dataset}")
        datasets.append((contract, link.page, status, problems.of_dataset(status), batch[0] if batch else None))
    states = [
        (site.link(name), status, problems.of_model(status) if status else [])
        for name in models
        for status in [built.get(name)]
    ]
    return render(
        *("overview.html", site),
        page="index.html",
        facts=facts,
        datasets=sorted(datasets, key=lambda one: (not one[3], one[0].dataset)),
        models=sorted(states, key=lambda one: (not one[2], one[0].text)),
        releases=facts.releases[: -RELEASES - 1 : -1],
    )


def _entries(facts: Facts, models: Sequence[str]) -> list[Entry]:
    """Return what the search finds."""
    entries = [
        Entry(
            kind="dataset",
            name=contract.dataset,
            page=page_of("datasets", contract.dataset),
            description=contract.description,
            columns=tuple(column.name for column in contract.columns),
        )
        for contract in facts.contracts
    ]
    for name in models:
        doc = facts.docs.get(name)
        description, columns = (doc.description, doc.columns) if doc else ("", {})
        page = page_of("models", name)
        entries.append(Entry(kind="model", name=name, page=page, description=description, columns=tuple(columns)))
    return entries + [
        Entry(kind="term", name=term.name, page="glossary.html", description=term.meaning) for term in facts.terms
    ]
