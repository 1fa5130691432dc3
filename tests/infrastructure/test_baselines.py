"""Each change of a template is a change of a recorded file, which somebody reviews."""

from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from reports import baselines
from reports.difference import difference
from reports.findings import DEPLOYMENTS
from tests.support.templates.assembly import Assembly


@pytest.fixture(scope="module")
def templates(everything: dict[str, Assembly]) -> dict[str, str]:
    """Readable templates of all deployments."""
    return baselines.of_assembly(next(iter(everything.values())).folder.parent)


def test_templates_are_what_was_reviewed(templates: Mapping[str, str]) -> None:
    differences = difference(baselines.recorded_in(baselines.FOLDER), baselines.recorded(templates))
    shown = "\n".join(line for name, lines in differences.items() for line in (name, *lines))
    assert not differences, f"`make baselines` records them again; review the difference and commit it:\n{shown}"


def test_the_record_has_every_resource_of_every_deployment(templates: Mapping[str, str], tmp_path: Path) -> None:
    """What is rebuilt from one deployment and differences equals what is read from six whole ones."""
    baselines.write(templates, folder=tmp_path)
    whole = baselines.read(tmp_path)
    assert {name.partition("/")[0] for name in whole} == set(DEPLOYMENTS)
    assert baselines.read(baselines.FOLDER) == whole
    for name, text in whole.items():
        resources = yaml.load(templates[name], Loader=yaml.CSafeLoader)["Resources"]
        assert len(yaml.load(text, Loader=yaml.CSafeLoader)["Resources"]) == len(resources)


def test_a_record_with_two_whole_deployments_is_read_as_before(templates: Mapping[str, str], tmp_path: Path) -> None:
    """A pull request is compared with an older commit, which recorded `dev-minimal` whole."""
    files = {name: text for name, text in baselines.recorded(templates).items() if not name.startswith("dev-minimal/")}
    whole = {name: text for name, text in templates.items() if name.startswith("dev-minimal/")}
    baselines.write(files | whole, folder=tmp_path)
    assert baselines.read(tmp_path) == baselines.read(baselines.FOLDER)
