"""Connections: what a pull from a REST API needs to sign in, one secret a source."""

import json
from collections.abc import Collection

from aws_cdk import aws_kms as kms
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from lakehouse.names import Names
from stacks.acknowledge import acknowledge
from stacks.settings import Settings
from stacks.stack import LakehouseStack


class Connections(LakehouseStack):
    """A secret for each API: its address and a token.

    Args:
        sources: names of the sources of type `api`, as the contracts write them.
    """

    def __init__(
        self, scope: Construct, *, names: Names, settings: Settings, key: kms.IKey, sources: Collection[str]
    ) -> None:
        super().__init__(scope, "connections", names=names, description="How REST APIs are signed in to")
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
