"""Connections: one secret for each REST API, and the job that pulls from the APIs."""

import json
from collections.abc import Mapping, Sequence
from itertools import chain
from pathlib import Path

from aws_cdk import aws_kms as kms
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from lakehouse.contracts.model import Contract
from lakehouse.names import Names
from stacks.connections.pull_job import add_pull_job
from stacks.iam.acknowledge import acknowledge
from stacks.settings import Settings
from stacks.stack import LakehouseStack


class Connections(LakehouseStack):
    """A secret with address and token for each API, and a Glue job for all of them.

    Args:
        sources: contracts of each source of type `api`, by the source's name.
    """

    def __init__(
        self,
        scope: Construct,
        *,
        names: Names,
        settings: Settings,
        key: kms.IKey,
        root: Path,
        sources: Mapping[str, Sequence[Contract]],
    ) -> None:
        super().__init__(scope, "connections", names=names, description="Pulls from REST APIs")
        secrets = []
        for source in sources:
            secret = secretsmanager.Secret(
                self,
                source,
                secret_name=names.source_secret(source=source),
                description="Put the API's own URL and token here before the first pull",
                encryption_key=key,
                generate_secret_string=secretsmanager.SecretStringGenerator(
                    secret_string_template=json.dumps({"url": ""}), generate_string_key="token"
                ),
                removal_policy=settings.removal_policy,
            )
            acknowledge(
                secret,
                "AwsSolutions-SMG4",
                reason="The token belongs to the API's owner, who renews it and puts the new one here.",
            )
            secrets.append(secret)
        contracts = list(chain.from_iterable(sources.values()))
        add_pull_job(self, contracts=contracts, secrets=secrets, settings=settings, key=key, root=root)
