"""`make baselines`: record the templates of all environments and profiles, as a reviewer accepts them.

One deployment is recorded whole. Each of the others is recorded as its difference from another one, by resource
and with `ENV` for the environment's name.
"""

import re
import shutil
from collections.abc import Iterable, Mapping
from difflib import unified_diff
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

from app import ROOT
from lakehouse.cost.assembly import deployments
from lakehouse.cost.synth import synthesize
from reports.readable import dump, readable

FOLDER = ROOT / "tests" / "infrastructure" / "baselines"
REGION = "eu-central-1"
REFERENCES: Mapping[str, str] = {
    "dev-standard": "prod-standard",
    "dev-minimal": "dev-standard",
    "prod-minimal": "dev-minimal",
    "staging-minimal": "dev-minimal",
    "staging-standard": "prod-standard",
}
"""For each deployment that is recorded as a difference: the deployment that it is compared with, which comes first."""
TITLE = "=== "
"""Begins the line that names a resource in a file of differences."""
ABSENT = " (absent)"
"""Ends that line for a resource that only the reference has."""

Sections = dict[str, list[str]]
"""Lines of each resource and output of a template, by `Resources.<logical id>` or `Outputs.<name>`."""


def of_assembly(folder: Path) -> dict[str, str]:
    """Return the readable templates of all environments by `<environment>-<profile>/<stack>.yaml`."""
    return {
        f"{deployment}/{stack}.yaml": readable(template)
        for deployment, stacks in deployments(folder).items()
        for stack, template in stacks.items()
    }


def recorded(templates: Mapping[str, str]) -> dict[str, str]:
    """Return the files that record readable templates: `.yaml` of one deployment, `.diff` of the others."""
    structures = {name: _masked(text, name) for name, text in templates.items()}
    files = {name: text for name, text in templates.items() if name.partition("/")[0] not in REFERENCES}
    for deployment in REFERENCES:
        for name, reference in _compared(deployment, templates).items():
            if lines := _differences(structures.get(reference, {}), structures.get(name, {})):
                files[_file_of_differences(name)] = "\n".join(lines) + "\n"
    return files


def read(folder: Path) -> dict[str, str]:
    """Return the templates that a folder records, whole and with `ENV` in them, by `<deployment>/<stack>.yaml`.

    Resources are sorted by name: a difference does not record their order.
    """
    files = recorded_in(folder)
    whole = {
        name: {title: _lines(item) for title, item in _masked(text, name).items()}
        for name, text in files.items()
        if name.endswith(".yaml")
    }
    templates = dict(whole)
    for deployment in REFERENCES:
        if not any(name.startswith(f"{deployment}/") for name in whole):  # older commits record it whole
            known = {*templates, *(name.removesuffix(".diff") + ".yaml" for name in files if name.endswith(".diff"))}
            for name, reference in _compared(deployment, known).items():
                differences = files.get(_file_of_differences(name), "")
                templates[name] = _applied(templates.get(reference, {}), differences)
    return {name: "\n".join(_text(sections)) + "\n" for name, sections in templates.items() if sections}


def write(files: Mapping[str, str], *, folder: Path) -> None:
    """Replace the content of a folder by files."""
    shutil.rmtree(folder, ignore_errors=True)
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def recorded_in(folder: Path) -> dict[str, str]:
    """Return the text of all files of a folder, by their path in it."""
    return {str(path.relative_to(folder)): path.read_text() for path in sorted(folder.glob("*/*"))}


def _word(deployment: str) -> str:
    return f"-{deployment.partition('-')[0]}-"


def _compared(deployment: str, names: Iterable[str]) -> dict[str, str]:
    """Return the templates that a deployment or its reference has, each with the name that the reference's has."""
    reference = REFERENCES[deployment]

    def renamed(before: str, after: str) -> set[str]:
        stacks = {name.partition("/")[2] for name in names if name.startswith(f"{before}/")}
        return {f"{after}/{stack.replace(_word(before), _word(after))}" for stack in stacks}

    every = renamed(deployment, reference) | renamed(reference, reference)
    return {
        f"{deployment}/{name.partition('/')[2].replace(_word(reference), _word(deployment))}": name
        for name in sorted(every)
    }


def _file_of_differences(name: str) -> str:
    return name.removesuffix(".yaml") + ".diff"


def _masked(text: str, name: str) -> dict[str, Any]:
    """Resources and outputs of a readable template by their titles, with `ENV` for the name of the environment."""
    word = re.compile(rf"(?<![A-Za-z0-9]){name.partition('-')[0]}(?![A-Za-z0-9])")

    def mask(value: Any) -> Any:
        match value:
            case str():
                return word.sub("ENV", value)
            case dict():
                return {mask(key): mask(item) for key, item in value.items()}
            case list():
                return [mask(item) for item in value]
        return value

    template = yaml.load(text, Loader=yaml.CSafeLoader)
    return {f"{part}.{key}": mask(item) for part, items in template.items() for key, item in items.items()}


def _lines(item: Any) -> list[str]:
    return dump(item).splitlines()


def _differences(reference: Mapping[str, Any], own: Mapping[str, Any]) -> list[str]:
    """Unified diffs of the resources that differ, each after its title."""
    lines = []
    for title in sorted(reference.keys() | own.keys()):
        if title not in own:
            lines.append(TITLE + title + ABSENT)
        elif own[title] != reference.get(title):
            before, after = (_lines(items[title]) if title in items else [] for items in (reference, own))
            lines += [TITLE + title, *list(unified_diff(before, after, lineterm="", n=0))[2:]]
    return lines


def _applied(reference: Sections, differences: str) -> Sections:
    """Return the resources that differences make of those of a reference."""
    sections = dict(reference)
    for part in re.split(rf"^{TITLE}", differences, flags=re.MULTILINE)[1:]:
        title, *lines = part.splitlines()
        if title.endswith(ABSENT):
            del sections[title.removesuffix(ABSENT)]
        else:
            sections[title] = _patched(reference.get(title, []), lines)
    return sections


def _patched(old: list[str], diff: list[str]) -> list[str]:
    """Apply a unified diff to lines."""
    new: list[str] = []
    position = 0
    for line in diff:
        if hunk := re.match(r"@@ -(\d+)(,0)?", line):
            begin = int(hunk[1]) - (hunk[2] is None)  # an empty range names the line before it
            new += old[position:begin]
            position = begin
            continue
        if line[0] != "-":
            new.append(line[1:])
        if line[0] != "+":
            position += 1
    return new + old[position:]


def _text(sections: Sections) -> list[str]:
    """Lines of a template with these resources and outputs, sorted by name."""
    lines: list[str] = []
    part = ""
    for title in sorted(sections, key=lambda title: (title.startswith("Outputs."), title)):
        section, _, name = title.partition(".")
        if section != part:
            lines.append(f"{section}:")
            part = section
        lines += [f"  {name}:", *(f"    {line}" for line in sections[title])]
    return lines


if __name__ == "__main__":
    with TemporaryDirectory() as out:
        assembly = synthesize(ROOT, region=REGION, out=Path(out), environment="all")
        write(recorded(of_assembly(assembly)), folder=FOLDER)
