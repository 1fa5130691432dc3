"""Whether events are OpenLineage: by the classes of its Python client, and by its published JSON schemas.

The schemas are in no package: `make openlineage` fetches those that our events name into
`build/openlineage`, or into the folder that LAKEHOUSE_OPENLINEAGE_SPEC names.
"""

import importlib
import json
import os
import pkgutil
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import attr
import cattrs
import requests
from jsonschema import Draft202012Validator
from openlineage.client import event_v2, generated
from openlineage.client.generated import base
from referencing import Registry, Resource
from referencing.exceptions import NoSuchResource

from lakehouse.lineage import events as ours
from lakehouse.lineage.events import SPECIFICATION

Json = dict[str, Any]

SPEC = Path(os.environ.get("LAKEHOUSE_OPENLINEAGE_SPEC", "build/openlineage"))


def check(events: Iterable[Json]) -> None:
    """Fail for the first event that is not OpenLineage; without the published schemas, as far as classes tell."""
    for event in events:
        load(event)
        if SPEC.is_dir():
            validate(event)


def load(event: Json) -> event_v2.RunEvent:
    """The event as the client's objects; its facets too, of which no field may be unknown or missing."""
    for _, facet in facets(event):
        name = facet["_schemaURL"].rpartition("/")[2]
        content = {key: value for key, value in facet.items() if key not in ("_producer", "_schemaURL")}
        if name != "RunFacet":  # one of our own, which may hold anything
            _converter().structure(content, _classes()[name])
    return event_v2.RunEvent(
        eventTime=event["eventTime"],
        eventType=event_v2.RunState(event["eventType"]),
        producer=event["producer"],
        run=event_v2.Run(**event["run"]),
        job=event_v2.Job(**event["job"]),
        inputs=[event_v2.InputDataset(**dataset) for dataset in event["inputs"]],
        outputs=[event_v2.OutputDataset(**dataset) for dataset in event["outputs"]],
    )


def validate(event: Json) -> None:
    """Validate an event and each of its facets by the schema that it names, formats included."""
    for url, value in [(event["schemaURL"], event), *((facet["_schemaURL"], facet) for _, facet in facets(event))]:
        validator = Draft202012Validator(
            {"$ref": url}, registry=Registry(retrieve=_read), format_checker=Draft202012Validator.FORMAT_CHECKER
        )
        validator.validate(value)


def facets(event: Json) -> Iterator[tuple[str, Json]]:
    """All facets of an event, by name."""
    yield from event["run"]["facets"].items()
    yield from event["job"]["facets"].items()
    for dataset in (*event["inputs"], *event["outputs"]):
        for kind in ("facets", "inputFacets", "outputFacets"):
            yield from dataset.get(kind, {}).items()


@cache
def _classes() -> dict[str, type]:
    modules = (
        importlib.import_module(f"{generated.__name__}.{m.name}") for m in pkgutil.iter_modules(generated.__path__)
    )
    found = [item for module in modules for item in vars(module).values() if isinstance(item, type)]
    return {item.__name__: item for item in found if issubclass(item, base.BaseFacet) and attr.has(item)}


@cache
def _converter() -> cattrs.Converter:
    return cattrs.Converter(forbid_extra_keys=True)


def _read(url: str) -> Resource[Any]:
    path = SPEC / url.removeprefix(f"{SPECIFICATION}/")
    if not path.is_file():
        raise NoSuchResource(ref=f"{url}: not in {SPEC}; `make openlineage` fetches it")
    return Resource.from_contents(json.loads(path.read_text()))


def fetch() -> None:
    """Fetch the schemas that our events name, and those that these refer to: all of them, or none is kept."""
    wanted = [ours.CORE, *(f"{SPECIFICATION}/facets/{path}.json" for path in ours.FACETS.values())]
    found: dict[str, str] = {}
    while wanted:
        url = wanted.pop()
        answer = requests.get(url, timeout=30)
        answer.raise_for_status()
        found[url] = answer.text
        referred = re.findall(rf'"\$ref"\s*:\s*"({SPECIFICATION}/[^"#]+)', answer.text)
        wanted += [other for other in referred if other not in found]
    for url, text in found.items():
        path = SPEC / url.removeprefix(f"{SPECIFICATION}/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    print(f"{len(found)} schemas are in {SPEC}")  # noqa: T201 - what it was called for


if __name__ == "__main__":
    fetch()
