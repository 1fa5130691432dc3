"""Every contract is one that other tools of the standard read too."""

from pathlib import Path

import pytest

from tests.support.datacontract_cli import CONTRACTS, run


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda path: path.name.removesuffix(".odcs.yaml"))
def test_a_contract_is_linted(datacontract: Path, contract: Path) -> None:
    linted = run(datacontract, "lint", contract)
    assert linted.returncode == 0, linted.stdout + linted.stderr


def test_a_wrong_contract_is_not(datacontract: Path, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.odcs.yaml"
    wrong.write_text(CONTRACTS[0].read_text().replace("logicalType: string", "logicalType: number_of_things"))
    linted = run(datacontract, "lint", wrong)
    assert linted.returncode != 0
    assert "logicalType" in linted.stdout
