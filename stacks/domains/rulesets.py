"""Quality rules of the contracts for Glue Data Quality: a ruleset for each table that has rules."""

from collections.abc import Iterable

from aws_cdk import aws_glue as glue

from lakehouse.contracts.model import Contract
from lakehouse.quality.dqdl import rulesets
from stacks.stack import LakehouseStack


def add_rulesets(stack: LakehouseStack, contracts: Iterable[Contract]) -> None:
    """Add the rulesets of datasets; Glue accepts a ruleset before its table exists.

    Source: AWS Glue web API reference, "CreateDataQualityRuleset".
    """
    for contract in contracts:
        for ruleset in rulesets(contract):
            glue.CfnDataQualityRuleset(
                stack,
                f"Rules-{contract.dataset}-{ruleset.zone}",
                name=stack.names.ruleset(ruleset.zone, dataset=contract.dataset),
                description=ruleset.description,
                ruleset=ruleset.text,
                target_table=glue.CfnDataQualityRuleset.DataQualityTargetTableProperty(
                    database_name=stack.names.database(ruleset.zone), table_name=contract.dataset
                ),
            )
