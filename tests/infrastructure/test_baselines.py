"""A change of a template is a change of a file that somebody reviews."""

from reports import baselines
from reports.difference import difference
from tests.support.templates.assembly import Assembly


def test_templates_are_what_was_reviewed(everything: dict[str, Assembly]) -> None:
    made = baselines.of_assembly(next(iter(everything.values())).folder.parent)
    differences = difference(baselines.read(baselines.FOLDER), made)
    shown = "\n".join(line for name, lines in differences.items() for line in (name, *lines))
    assert not differences, f"`make baselines` renews these; look at the difference and commit it:\n{shown}"
