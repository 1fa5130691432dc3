"""cfn-lint has nothing to say of any template: every property is one of its type's, in its form."""

import subprocess

import pytest

from app import ROOT
from tests.support.templates.assembly import Assembly

FEW = ("prod-standard", "dev-minimal")
"""Deployments that together have every stack."""


@pytest.mark.parametrize("every", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_templates_are_clean(everything: dict[str, Assembly], every: bool) -> None:
    folders = [assembly.folder for name, assembly in everything.items() if every or name in FEW]
    paths = [path for folder in folders for path in sorted(folder.glob("*.template.json"))]
    assert len(paths) >= 5 * len(folders)
    # Many stacks are the same in both profiles of an environment.
    templates = {path.read_text(): str(path) for path in paths}.values()
    command = ["cfn-lint", "--config-file", str(ROOT / ".cfnlintrc.yaml"), "--format", "parseable", "--", *templates]
    linted = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert linted.returncode == 0, linted.stdout + linted.stderr
