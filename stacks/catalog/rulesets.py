"""The contracts' quality rules for Glue Data Quality: a ruleset for each table that they are measured on."""

from collections.abc import Iterable

from aws_cdk import aws_glue as glue

from lakehouse.contracts.model import Contract
from lakehouse.quality.dqdl import rulesets
from stacks.stack import LakehouseStack


def add_rulesets(stack: LakehouseStack, contracts: Iterable[Contract]) -> None:
    """Add the rulesets of datasets; Glue takes one whose table is still to be made.

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
