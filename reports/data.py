"""`python -m reports.data REF`: how the rows of the models differ from those of the deployment, as Markdown.

The models that differ from those of a commit, and those below them, are built in a branch of the deployment that the
AWS variables point to. Models that read a dataset whose contract differs are built too.
"""

import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath

import yaml

from lakehouse.comparison.difference import Difference
from lakehouse.engine import catalog
from lakehouse.governance.models import ZONES
from lakehouse.governance.readers import QUERIES, readers
from lakehouse.names import Names
from lakehouse.operations import branch, dbt
from lakehouse.settings import names_of

BRANCH = "_review"


def changed_files(ref: str, *, repository: Path) -> list[str]:
    """Return the files of models and contracts that differ from a commit, or are new."""
    found: list[str] = []
    for arguments in (["diff", "--name-only", "--relative", ref], ["ls-files", "--others", "--exclude-standard"]):
        done = subprocess.run(
            ["git", "-C", str(repository), *arguments, "--", "models", "contracts"],
            capture_output=True,
            text=True,
            check=True,
        )
        found += done.stdout.splitlines()
    return sorted(set(found))


def changed_models(files: Iterable[str], *, repository: Path) -> list[str]:
    """Return the models that changed files define or describe, or that read a dataset with a changed contract.

    A file that all models share, such as a macro, changes all of them.
    """
    project = repository / dbt.PROJECT
    existing = {path.stem for path in (project / ZONES).rglob("*.sql")}
    found: set[str] = set()
    for file in map(PurePosixPath, files):
        if file.parts[0] == "contracts":
            if file.name.endswith(".odcs.yaml"):
                dataset = file.name.removesuffix(".odcs.yaml")
                reading = readers(project, repository / QUERIES, dataset=dataset, column=None)
                found |= {reader.name for reader in reading}
        elif file.parts[1] == ZONES and file.suffix == ".sql":
            found.add(file.stem)
        elif file.parts[1] == ZONES and file.suffix == ".yml" and (repository / file).is_file():
            described = yaml.safe_load((repository / file).read_text())
            found |= {model["name"] for model in described.get("models", [])}
        elif file.parts[1] in ("macros", "dbt_project.yml"):
            found |= existing
    return sorted(found & existing)


def markdown(models: Sequence[str], built: Sequence[branch.Built]) -> str:
    """Return the section of a comment that shows the differences.

    Args:
        models: the models that changed.
        built: the models that were built: those, and the models below them.
    """
    if not models:
        return "**Data**: no model reads what changed\n"
    lines = [
        f"**Data**: {len(models)} models changed; {len(built)} were built in a branch and compared with the deployment",
        "",
        "| model | rows added | removed | changed | columns |",
        "|---|---|---|---|---|",
    ]
    return "\n".join([*lines, *(f"| `{one.model}` | {_cells(one)} |" for one in built)]) + "\n"


def _cells(built: branch.Built) -> str:
    if built.difference is None:
        text = "no row differs" if built.reason is None else f"not published: {_inline(built.reason)}"
        return f"{text} | | |"
    difference = built.difference
    changed = "no key" if difference.changed is None else f"{difference.changed:,}"
    columns = _inline("; ".join(_columns(difference)))
    return f"{difference.added:,} | {difference.removed:,} | {changed} | {columns}"


def _columns(difference: Difference) -> Iterator[str]:
    yield from difference.schema
    yield from (f"{column.name} in {column.rows:,}" for column in difference.columns)


def _inline(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def report(ref: str, *, names: Names, repository: Path) -> str:
    """Build what differs from a commit in a branch, and return the section of the comment."""
    models = changed_models(changed_files(ref, repository=repository), repository=repository)
    if not models:
        return markdown(models, [])
    iceberg, project = catalog.load(), repository / dbt.PROJECT
    with branch.branch(iceberg, names=names, name=BRANCH) as begun:
        select = [f"{model}+" for model in models]
        built = branch.build(iceberg, names=names, name=BRANCH, begun=begun, project=project, select=select)
        return markdown(models, built)


if __name__ == "__main__":
    sys.stdout.write(report(sys.argv[1], names=names_of("dev"), repository=Path.cwd()))
