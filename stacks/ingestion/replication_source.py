"""The source endpoint of a replication: how DMS reaches a database and signs in to it."""

import json
from collections.abc import Sequence
from pathlib import Path

from aws_cdk import aws_dms as dms
from aws_cdk import aws_kms as kms
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from lakehouse.contracts.model import Contract
from stacks.iam.acknowledge import acknowledge
from stacks.iam.replication import secret_statements
from stacks.iam.roles import add_inline_role, trusted_service
from stacks.ingestion.source_engine import Engine, engine_and_database
from stacks.settings import Settings
from stacks.stack import LakehouseStack

ROOT = Path(__file__).parents[2]


class ReplicationSource(Construct):
    """The endpoint of one source database, over TLS, with the account in its secret.

    Args:
        contracts: contracts of the database.
        secret: host, port, username and password; None creates a secret that the owner of the source fills in.

    Attributes:
        endpoint: the DMS endpoint.

    Raises:
        ValueError: The contracts name different databases, or the certificate of the authority is missing.
    """

    def __init__(
        self,
        stack: LakehouseStack,
        source: str,
        *,
        contracts: Sequence[Contract],
        settings: Settings,
        key: kms.IKey,
        secret: secretsmanager.ISecret | None,
    ) -> None:
        super().__init__(stack, f"{source}-source")
        self._stack, self._source, self._settings, self._key = stack, source, settings, key
        engine, database = engine_and_database(source, contracts)
        ssl_mode = engine.ssl_mode(settings.replication.ssl_mode)
        secret = secret or self._secret(engine)
        self.endpoint = dms.CfnEndpoint(
            self,
            "Endpoint",
            endpoint_identifier=stack.names.replication_endpoint(source=source, side="source"),
            endpoint_type="source",
            engine_name=engine.name,
            database_name=database,
            ssl_mode=ssl_mode,
            certificate_arn=None if ssl_mode == "require" else self._certificate(ssl_mode),
        )
        reader = add_inline_role(
            self,
            "SecretRole",
            # DMS reads secrets as its regional principal (DMS user guide, "Using secrets to access endpoints").
            trusted=trusted_service(stack, f"dms.{stack.region}"),
            statements=secret_statements(secret, key=key),
        )
        access = {"SecretsManagerSecretId": secret.secret_arn, "SecretsManagerAccessRoleArn": reader.role_arn}
        self.endpoint.add_property_override(engine.settings_property, {**engine.settings, **access})

    def _certificate(self, ssl_mode: str) -> str:
        files = self._settings.replication.certificate_files
        if self._source not in files:
            raise ValueError(
                f"source {self._source} uses TLS with {ssl_mode}, which needs the certificate of the database's "
                f"authority: put the PEM file into the repository and its path into certificate_files of Replication "
                f"in stacks/settings.py; it has {sorted(files)}"
            )
        certificate = dms.CfnCertificate(
            self,
            "Certificate",
            certificate_identifier=self._stack.names.replication_endpoint(source=self._source, side="authority"),
            certificate_pem=(ROOT / files[self._source]).read_text(),
        )
        return certificate.ref

    def _secret(self, engine: Engine) -> secretsmanager.Secret:
        secret = secretsmanager.Secret(
            self,
            "Secret",
            secret_name=self._stack.names.source_secret(source=self._source),
            description="Put the source's own host, port, username and password here before the replication starts",
            encryption_key=self._key,
            generate_secret_string=secretsmanager.SecretStringGenerator(
                secret_string_template=json.dumps({"host": "", "port": engine.port, "username": ""}),
                generate_string_key="password",
            ),
            removal_policy=self._settings.removal_policy,
        )
        acknowledge(
            secret,
            "AwsSolutions-SMG4",
            reason="The account belongs to the owner of the source, who rotates the password and updates this secret.",
        )
        return secret
