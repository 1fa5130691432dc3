"""What the smoke test says of a deployment that does not answer."""

import sys
from pathlib import Path

import boto3
import pytest

from lakehouse.cli.main import main
from lakehouse.contracts.loader import load_contracts
from lakehouse.contracts.published import not_active, publish
from lakehouse.names import Move, Names
from lakehouse.operations.smoke import checks

CONTRACTS = Path(__file__).parents[3] / "contracts"


def violations(names: Names) -> dict[str, str | None]:
    return {check.what: check.violation for check in checks(load_contracts(CONTRACTS), names=names)}


@pytest.mark.usefixtures("lake")
def test_each_violation_says_what_to_do(names: Names) -> None:
    contracts = load_contracts(CONTRACTS)
    found = violations(names)
    for move in Move:
        assert (found[f"job {names.job(move)}"] or "").endswith("`cdk deploy --all` makes it")
    waiting = found[f"{len(contracts)} contracts in force"]
    assert waiting is not None
    assert "contracts/sales/orders.odcs.yaml" in waiting
    assert waiting.endswith("`lakehouse tables apply` puts them in force")
    # The server of these tests runs no query: an answer that is none is a violation too.
    assert found[f"Athena in workgroup {names.workgroup}"]


@pytest.mark.usefixtures("lake")
def test_what_is_right_is_no_violation(names: Names) -> None:
    contracts = load_contracts(CONTRACTS)
    publish(contracts, names=names)
    for move in Move:
        command = {"Name": "glueetl", "ScriptLocation": "s3://code/script.py"}
        boto3.client("glue").create_job(Name=names.job(move), Role="role", Command=command)
    found = violations(names)
    assert [found[f"job {names.job(move)}"] for move in Move] == [None, None]
    assert found[f"{len(contracts)} contracts in force"] is None


@pytest.mark.usefixtures("lake")
def test_only_what_differs_is_not_active(names: Names) -> None:
    contracts = load_contracts(CONTRACTS)
    publish(contracts[1:], names=names)
    first = f"{names.contracts_uri}{contracts[0].domain}/{contracts[0].dataset}.odcs.yaml"
    assert not_active(contracts, names=names) == [first]
    assert publish(contracts, names=names) == [first]
    assert not_active(contracts, names=names) == []


@pytest.mark.usefixtures("lake")
def test_the_verb_ends_with_its_violations(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["lakehouse", "smoke", "--contracts", str(CONTRACTS)])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 1
    assert "✗ job lakehouse-dev-stage-to-raw:" in capsys.readouterr().out
