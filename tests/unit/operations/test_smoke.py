"""The problems that the smoke test reports for an incomplete deployment."""

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


def problems(names: Names) -> dict[str, str | None]:
    return {check.subject: check.problem for check in checks(load_contracts(CONTRACTS), names=names)}


@pytest.mark.usefixtures("lake")
def test_each_problem_names_the_command_that_fixes_it(names: Names) -> None:
    contracts = load_contracts(CONTRACTS)
    reported = problems(names)
    for move in Move:
        assert (reported[f"job {names.job(move)}"] or "").endswith("`cdk deploy --all` creates the job")
    inactive = reported[f"{len(contracts)} contracts active"]
    assert inactive is not None
    assert "contracts/sales/orders.odcs.yaml" in inactive
    assert inactive.endswith("`lakehouse tables apply` publishes them")
    # The server of these tests runs no query: an empty answer is a problem too.
    assert reported[f"Athena in workgroup {names.workgroup}"]


@pytest.mark.usefixtures("lake")
def test_complete_parts_have_no_problem(names: Names) -> None:
    contracts = load_contracts(CONTRACTS)
    publish(contracts, names=names)
    for move in Move:
        command = {"Name": "glueetl", "ScriptLocation": "s3://code/script.py"}
        boto3.client("glue").create_job(Name=names.job(move), Role="role", Command=command)
    reported = problems(names)
    assert [reported[f"job {names.job(move)}"] for move in Move] == [None, None]
    assert reported[f"{len(contracts)} contracts active"] is None


@pytest.mark.usefixtures("lake")
def test_only_contracts_that_differ_are_not_active(names: Names) -> None:
    contracts = load_contracts(CONTRACTS)
    publish(contracts[1:], names=names)
    first = f"{names.contracts_uri}{contracts[0].domain}/{contracts[0].dataset}.odcs.yaml"
    assert not_active(contracts, names=names) == [first]
    assert publish(contracts, names=names) == [first]
    assert not_active(contracts, names=names) == []


@pytest.mark.usefixtures("lake")
def test_the_verb_exits_with_1_if_a_check_failed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["lakehouse", "smoke", "--contracts", str(CONTRACTS)])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 1
    assert "✗ job lakehouse-dev-stage-to-raw:" in capsys.readouterr().out
