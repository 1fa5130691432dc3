"""Glue Data Quality has the rules of every contract, each on a table that the contract makes."""

from lakehouse.contracts.model import Contract
from lakehouse.names import Names
from lakehouse.tables.definition import of_contracts
from tests.support.templates.assembly import Assembly


def test_every_contract_has_its_rules_on_its_own_tables(
    assembly: Assembly, names: Names, contracts: list[Contract]
) -> None:
    found = assembly.named("AWS::Glue::DataQualityRuleset", "Name")
    targets = {
        f"{rules['TargetTable']['DatabaseName']}.{rules['TargetTable']['TableName']}" for rules in found.values()
    }
    assert targets == {definition.name for definition in of_contracts(contracts, names=names)}
    for contract in contracts:
        written = "".join(
            rules["Ruleset"] for rules in found.values() if rules["TargetTable"]["TableName"] == contract.dataset
        )
        for rule in contract.quality:
            assert f"# {rule.name} ({rule.severity})\n" in written
