"""The app as a whole: what makes a synth trustworthy."""

from dataclasses import replace
from pathlib import Path

import pytest
from aws_cdk import App, Stack, Validations
from aws_cdk import aws_s3 as s3
from cdk_nag import AwsSolutionsChecks

from app import ROOT
from lakehouse.contracts.model import Contract
from lakehouse.names import Names
from stacks.lakehouse import add_lakehouse
from stacks.settings import ENVIRONMENTS
from tests.support.templates.assembly import Assembly
from tests.support.templates.synthesis import CONTEXT, synth


def test_stacks(assembly: Assembly, names: Names) -> None:
    parts = ("analytics", "arrivals", "audit", "catalog", "connections", "domain-finance")
    parts += (
        "domain-sales",
        "domain-web",
        "governance",
        "ingestion",
        "network",
        "observability",
        "processing",
        "scheduling",
        "storage",
        "streaming",
    )
    assert list(assembly.templates) == [names.stack(part) for part in parts]


def test_synth_asks_aws_for_nothing(assembly: Assembly) -> None:
    assert "missing" not in assembly.manifest


def test_all_environments_and_profiles_are_synthesized_in_half_a_minute(everything: dict[str, Assembly]) -> None:
    folder = next(iter(everything.values())).folder.parent
    assert float(folder.with_name("everything.done").read_text()) < 30


def test_synth_again_gives_the_same(assembly: Assembly, names: Names, tmp_path: Path) -> None:
    again = synth(tmp_path / "again", names)
    assert again.templates == assembly.templates
    assert again.assets.keys() == assembly.assets.keys()


def test_a_setting_changes_the_stack_that_it_is_about(names: Names, contracts: list[Contract], tmp_path: Path) -> None:
    templates = []
    for limit in (2**30, 2**31):
        app = App(context=CONTEXT, outdir=str(tmp_path / str(limit)))
        settings = replace(ENVIRONMENTS["dev"], scan_limit_bytes=limit)
        add_lakehouse(app, names=names, settings=settings, contracts=contracts, root=ROOT)
        app.synth()
        templates.append(Assembly(tmp_path / str(limit)).templates)
    assert {name for name, template in templates[0].items() if template != templates[1][name]} == {
        names.stack("analytics")
    }


def test_a_finding_of_cdk_nag_fails_the_synth(tmp_path: Path) -> None:
    app = App(outdir=str(tmp_path / "out"))
    s3.Bucket(Stack(app, "Open"), "Bucket", enforce_ssl=False)
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    with pytest.raises(RuntimeError, match="AwsSolutions-S10"):
        app.synth()


def test_an_unknown_environment_or_profile_is_named(tmp_path: Path, names: Names) -> None:
    with pytest.raises(SystemExit, match="no environment 'prd': expected one of dev, staging, prod"):
        synth(tmp_path, names, environment="prd")
    with pytest.raises(SystemExit, match="no profile 'huge': expected one of standard, minimal"):
        synth(tmp_path, names, profile="huge")


def test_without_a_source_database_nothing_stands_idle(keeping: Assembly, names: Names) -> None:
    assert {names.stack("network"), names.stack("ingestion")}.isdisjoint(keeping.templates)
