"""What a deployment costs: by the table of prices, and never silently nothing."""

import json
import subprocess
import sys
import tomllib
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from lakehouse.cli.main import main
from lakehouse.cost import assembly, report
from lakehouse.cost.estimate import Estimate, estimate
from lakehouse.cost.prices import NotPricedError, Prices, load_prices
from lakehouse.cost.synth import checkout, synthesize
from lakehouse.errors import LakehouseError

KNOWN = {"resource", "service", "what", "per", "usd", "source", "hourly", "times", "missing", "when", "factor"}
KNOWN |= {"besides"}
ENDPOINT = {"VpcEndpointType": "Interface", "SubnetIds": [{"Ref": "A"}, {"Ref": "B"}]}


@pytest.fixture(scope="module")
def prices() -> Prices:
    return load_prices("eu-central-1")


def template(**resources: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    return {"Resources": {name: {"Type": type_, "Properties": found} for name, (type_, found) in resources.items()}}


def of(prices: Prices, **resources: tuple[str, dict[str, Any]]) -> Estimate:
    return estimate([template(**resources)], prices=prices)


def test_fixed_costs_are_multiplied_by_hours_and_by_what_a_property_counts(prices: Prices) -> None:
    found = of(
        prices,
        Key=("AWS::KMS::Key", {}),
        Endpoint=("AWS::EC2::VPCEndpoint", ENDPOINT),
        Other=("AWS::EC2::VPCEndpoint", ENDPOINT),
        S3=("AWS::EC2::VPCEndpoint", {"VpcEndpointType": "Gateway"}),
    )
    count, usd = found.fixed["VPC", "interface endpoint in one zone"]
    assert (count, usd) == (2, pytest.approx(2 * 2 * 730 * 0.012))
    assert found.monthly == pytest.approx(usd + 1)
    assert not found.unpriced


def test_what_is_counted_by_a_list_that_is_missing_is_one(prices: Prices) -> None:
    several = {"Metrics": [{"Id": "a"}, {"Id": "b"}, {"Expression": "a + b"}]}
    found = of(prices, One=("AWS::CloudWatch::Alarm", {"MetricName": "x"}), Other=("AWS::CloudWatch::Alarm", several))
    assert found.monthly == pytest.approx(0.1 + 0.3)


@pytest.mark.parametrize(("workers", "usd"), [(1, 0.74), (3, 0.74 + 2 * 0.11)])
def test_workers_that_wait_are_a_fixed_cost(prices: Prices, workers: int, usd: float) -> None:
    airflow = {"EnvironmentClass": "mw1.medium", "MinWorkers": workers, "MaxWorkers": 10}
    assert of(prices, Airflow=("AWS::MWAA::Environment", airflow)).monthly == pytest.approx(730 * usd)


def test_a_run_costs_its_workers(prices: Prices) -> None:
    run = {"WorkerType": "G.2X", "NumberOfWorkers": 5}
    [charge] = of(prices, Job=("AWS::Glue::Job", run)).usage
    assert (charge.service, charge.per) == ("Glue", "run")
    assert charge.usd == pytest.approx(5 * 2 * 0.44 / 60, rel=1e-4)


@pytest.mark.parametrize(
    ("type_", "properties", "reason"),
    [
        ("AWS::EMR::Cluster", {}, "type is not in the table"),
        ("AWS::Glue::Job", {"WorkerType": "Z.2X", "NumberOfWorkers": 2}, "no price for WorkerType Z.2X"),
        ("AWS::Glue::Job", {"WorkerType": {"Ref": "Type"}, "NumberOfWorkers": 2}, "no price for WorkerType {'Ref'"),
        ("AWS::Glue::Job", {"WorkerType": "G.1X", "NumberOfWorkers": {"Ref": "N"}}, "NumberOfWorkers is not a number"),
        ("AWS::EC2::VPCEndpoint", {"VpcEndpointType": "GatewayLoadBalancer"}, "no price is for these properties"),
        # Its storage has a price, its instance has none.
        ("AWS::RDS::DBInstance", {"Engine": "oracle-ee", "AllocatedStorage": "20"}, "no price is for these properties"),
    ],
)
def test_what_has_no_price_is_said(prices: Prices, type_: str, properties: dict[str, Any], reason: str) -> None:
    with pytest.raises(NotPricedError, match=reason.replace("{", r"\{")):
        prices.charges(type_, properties)
    found = of(prices, Thing=(type_, properties))
    assert list(found.unpriced.values()) == [["Thing"]]
    assert [section.title for section in report.sections(found, before=None)][-1] == "Not priced"


def test_every_price_has_each_region_a_source_and_a_date() -> None:
    table = tomllib.loads((resources.files("lakehouse.cost") / "prices.toml").read_text())
    assert table["as_of"].year >= 2026
    for rate in table["charge"]:
        assert rate["usd"].keys() == {"eu-central-1", "us-east-1"}, rate
        assert rate["source"].startswith(("https://aws.amazon.com/", "https://docs.aws.amazon.com/")), rate
        assert not rate.keys() - KNOWN, rate
    free = table["free"]["resources"]
    assert free == sorted(set(free))
    assert not {rate["resource"] for rate in table["charge"]} & set(free)


def test_a_region_without_prices_is_named() -> None:
    with pytest.raises(LakehouseError, match="no prices of mars-1: the table has eu-central-1, us-east-1"):
        load_prices("mars-1")


def test_a_difference_shows_what_differs_alone(prices: Prices) -> None:
    before = of(prices, Key=("AWS::KMS::Key", {}), Bucket=("AWS::S3::Bucket", {}))
    now = of(prices, Key=("AWS::KMS::Key", {}), Queue=("AWS::SQS::Queue", {}), Other=("AWS::KMS::Key", {}))
    fixed, usage = report.sections(now, before=before)
    assert fixed.rows == [("KMS", "key", "1.00", "2.00", "+1.00"), ("all", "", "1.00", "2.00", "+1.00")]
    assert [(mark, service) for mark, _, service, *_ in usage.rows] == [("-", "S3")] * 3 + [("+", "SQS")]


@pytest.mark.parametrize(
    ("usd", "text"), [(0, "0.00"), (1234.5, "1,234.50"), (0.4, "0.40"), (0.0147, "0.015"), (0.00036, "0.00036")]
)
def test_small_amounts_keep_their_digits(usd: float, text: str) -> None:
    assert report.money(usd) == text


def test_the_verb_reads_templates_and_prints_each_form(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    stack = {"type": "aws:cloudformation:stack", "properties": {"templateFile": "storage.json"}}
    (tmp_path / "manifest.json").write_text(json.dumps({"artifacts": {"storage": stack}}))
    (tmp_path / "storage.json").write_text(json.dumps(template(Key=("AWS::KMS::Key", {}))))
    printed = {}
    for form in ("table", "markdown", "json"):
        monkeypatch.setattr(sys, "argv", ["lakehouse", "cost", "--templates", str(tmp_path), "--format", form])
        with pytest.raises(SystemExit) as end:
            main()
        assert not end.value.code
        printed[form] = capsys.readouterr().out
    assert "| KMS | key | 1 | 1.00 |" in printed["markdown"]
    assert json.loads(printed["json"])["usd_a_month"] == 1
    assert "AWS list prices of" in printed["table"]


def test_a_folder_without_templates_is_named(tmp_path: Path) -> None:
    with pytest.raises(LakehouseError, match="is not a cloud assembly"):
        assembly.templates(tmp_path)


def test_a_commit_is_unpacked_beside_the_work_tree(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    repository.mkdir()
    monkeypatch.chdir(repository)
    commit = ["git", "-c", "user.name=t", "-c", "user.email=t@t", "commit", "--quiet", "--message", "first"]
    (repository / "app.py").write_text("old")
    for command in (["git", "init", "--quiet"], ["git", "add", "app.py"], commit):
        subprocess.run(command, check=True)
    (repository / "app.py").write_text("new")
    assert (checkout("HEAD", folder=tmp_path / "then") / "app.py").read_text() == "old"
    assert (repository / "app.py").read_text() == "new"
    with pytest.raises(LakehouseError, match="git archive nowhere"):
        checkout("nowhere", folder=tmp_path / "never")


def test_outside_the_repository_it_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(LakehouseError, match="run this in a checkout of the repository"):
        synthesize(tmp_path, region="eu-central-1", out=tmp_path / "out")
