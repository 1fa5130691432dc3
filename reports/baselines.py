"""`make baselines`: what the templates of all environments and profiles were when somebody last looked at them."""

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

from app import ROOT
from lakehouse.cost.assembly import deployments
from lakehouse.cost.synth import synthesize
from reports.readable import readable

FOLDER = ROOT / "tests" / "infrastructure" / "baselines"
REGION = "eu-central-1"


def of_assembly(folder: Path) -> dict[str, str]:
    """Readable templates of an assembly of all environments, by `<environment>-<profile>/<stack>.yaml`."""
    return {
        f"{deployment}/{stack}.yaml": readable(template)
        for deployment, stacks in deployments(folder).items()
        for stack, template in stacks.items()
    }


def write(files: dict[str, str], *, folder: Path) -> None:
    """Put files in place of all that is in a folder."""
    shutil.rmtree(folder, ignore_errors=True)
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def read(folder: Path) -> dict[str, str]:
    """All files of a folder, by their path in it."""
    return {str(path.relative_to(folder)): path.read_text() for path in sorted(folder.rglob("*.yaml"))}


if __name__ == "__main__":
    with TemporaryDirectory() as out:
        made = synthesize(ROOT, region=REGION, out=Path(out), environment="all")
        write(of_assembly(made), folder=FOLDER)
