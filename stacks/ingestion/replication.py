"""Replication of a source database to stage, by DMS Serverless or by a task on a replication instance."""

import json
from collections.abc import Sequence

from aws_cdk import aws_dms as dms
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_kms as kms
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from lakehouse.contracts.dms import table_mappings, task_settings
from lakehouse.contracts.model import Contract
from stacks.ingestion.replication_source import ReplicationSource
from stacks.ingestion.replication_target import ReplicationTarget
from stacks.settings import Settings
from stacks.stack import LakehouseStack

MIGRATION_TYPE = "full-load-and-cdc"


class Replication(Construct):
    """The replication of the tables of one database; it is created stopped.

    Args:
        contracts: contracts of the database; they name its tables.
        secret: the account that DMS signs in with; None creates a secret that the owner of the source fills in.
        instance: runs the replication; None is DMS Serverless, which costs nothing while it is stopped.

    Attributes:
        arn: ARN of the serverless replication's config, or of the task.
    """

    def __init__(
        self,
        stack: LakehouseStack,
        source: str,
        *,
        contracts: Sequence[Contract],
        settings: Settings,
        key: kms.IKey,
        subnets: dms.CfnReplicationSubnetGroup,
        security_group: ec2.ISecurityGroup,
        secret: secretsmanager.ISecret | None,
        instance: dms.CfnReplicationInstance | None,
    ) -> None:
        super().__init__(stack, source)
        name = stack.names.replication(source=source)
        mappings = table_mappings(contracts)
        options = task_settings(largest_text_kb=settings.replication.largest_text_kb)
        database = ReplicationSource(stack, source, contracts=contracts, settings=settings, key=key, secret=secret)
        stage = ReplicationTarget(stack, source, settings=settings, key=key)
        if instance is not None:
            self.arn = dms.CfnReplicationTask(
                self,
                "Task",
                replication_task_identifier=name,
                replication_instance_arn=instance.ref,
                migration_type=MIGRATION_TYPE,
                source_endpoint_arn=database.endpoint.ref,
                target_endpoint_arn=stage.endpoint.ref,
                table_mappings=json.dumps(mappings),
                replication_task_settings=json.dumps(options),
            ).ref
            return
        least, most = settings.replication.units
        self.arn = dms.CfnReplicationConfig(
            self,
            "Replication",
            replication_config_identifier=name,
            replication_type=MIGRATION_TYPE,
            source_endpoint_arn=database.endpoint.ref,
            target_endpoint_arn=stage.endpoint.ref,
            table_mappings=mappings,
            replication_settings=options,
            compute_config=dms.CfnReplicationConfig.ComputeConfigProperty(
                min_capacity_units=least,
                max_capacity_units=most,
                multi_az=False,
                kms_key_id=key.key_arn,
                replication_subnet_group_id=subnets.ref,
                vpc_security_group_ids=[security_group.security_group_id],
            ),
        ).ref
