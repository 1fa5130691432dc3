"""cfn-lint has nothing to say of any template: every property is one of its type's, in its form."""

import subprocess

from app import ROOT
from tests.support.templates.assembly import Assembly


def test_templates_are_clean(everything: dict[str, Assembly]) -> None:
    folder = next(iter(everything.values())).folder.parent
    paths = sorted(folder.glob("assembly-*/*.template.json"))
    assert len(paths) >= 5 * len(everything)
    # Many stacks are the same in both profiles of an environment.
    templates = {path.read_text(): str(path) for path in paths}.values()
    command = ["cfn-lint", "--config-file", str(ROOT / ".cfnlintrc.yaml"), "--format", "parseable", "--", *templates]
    linted = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert linted.returncode == 0, linted.stdout + linted.stderr
