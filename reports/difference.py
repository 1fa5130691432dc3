"""Differences between readable templates: what a test prints, and what a pull request shows.

`python -m reports.difference REF` compares the templates that a commit records with those in the work tree. It prints
Markdown, and it compares whole templates also of deployments that are recorded as a difference.
"""

import re
import sys
from collections.abc import Mapping, Sequence
from difflib import unified_diff
from pathlib import Path
from tempfile import TemporaryDirectory

from app import ROOT
from lakehouse.cost.synth import checkout
from reports import baselines
from reports.findings import DEPLOYMENTS

CHARACTERS = 60_000
"""A comment on GitHub ends at 65,536."""


def difference(before: Mapping[str, str], now: Mapping[str, str]) -> dict[str, list[str]]:
    """Lines of a diff for each file that differs; a file that comes or goes is compared with nothing.

    Args:
        before, now: text by file name.
    """
    found = {}
    for name in sorted(before.keys() | now.keys()):
        old, new = (files.get(name, "").splitlines() for files in (before, now))
        lines = list(unified_diff(old, new, lineterm="", n=2))[2:]
        if lines:
            found[name] = [_header(line, old) if line.startswith("@@") else line for line in lines]
    return found


def _header(line: str, old: Sequence[str]) -> str:
    """The head of a hunk with the resource that it is in, or begins after, in place of line numbers."""
    begin = int(re.findall(r"\d+", line)[0])
    resources = [found[1] for text in old[:begin] if (found := re.fullmatch(r"  (\w+):", text))]
    return f"@@ {resources[-1]} @@" if resources else "@@"


def markdown(differences: Mapping[str, list[str]], *, characters: int = CHARACTERS) -> str:
    """A comment that shows each difference once, with all the environments and profiles that have it.

    Args:
        differences: by baseline file, `<environment>-<profile>/<stack>.yaml`.
        characters: longest comment; what does not fit is named.
    """
    groups: dict[tuple[str, str], list[str]] = {}
    for name, lines in differences.items():
        deployment, _, file = name.partition("/")
        environment = deployment.partition("-")[0]
        stack, text = (re.sub(rf"(?<=[-_/]){environment}(?=[-_/])", "ENV", text) for text in (file, "\n".join(lines)))
        groups.setdefault((stack.removesuffix(".yaml"), text), []).append(deployment)
    parts = [f"**Templates** that differ: {len(groups)}"]
    for (stack, text), names in groups.items():
        where = "everywhere" if len(names) == len(DEPLOYMENTS) else ", ".join(names)
        title = f"{stack} ({where})"
        whole = f"<details><summary>{title}</summary>\n\n```diff\n{text}\n```\n</details>"
        fits = sum(map(len, parts)) + len(whole) < characters
        parts.append(whole if fits else f"{title}: too long for a comment, see tests/infrastructure/baselines")
    return "\n\n".join(parts) + "\n"


if __name__ == "__main__":
    with TemporaryDirectory() as folder:
        then = checkout(sys.argv[1], folder=Path(folder)) / baselines.FOLDER.relative_to(ROOT)
        sys.stdout.write(markdown(difference(baselines.read(then), baselines.read(baselines.FOLDER))))
