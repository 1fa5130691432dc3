"""Replication of source databases: what DMS is told is what the contracts and `lakehouse.contracts.dms` say."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App, Validations
from cdk_nag import AwsSolutionsChecks

import app as cdk_entry
from lakehouse.contracts import dms
from lakehouse.contracts.model import Contract, Source
from lakehouse.names import Names, Zone
from stacks.lakehouse import add_lakehouse, by_source
from stacks.settings import ENVIRONMENTS, settings_of
from tests.support.templates.assembly import Assembly, Json, text
from tests.support.templates.synthesis import CONTEXT


@pytest.fixture(scope="module")
def endpoints(assembly: Assembly) -> dict[str, Json]:
    return assembly.named("AWS::DMS::Endpoint", "EndpointIdentifier")


@pytest.fixture
def databases(contracts: list[Contract]) -> dict[str, list[Contract]]:
    return by_source(contracts, "postgresql")


def test_a_replication_for_each_database_selects_its_contracts_tables(
    assembly: Assembly, names: Names, databases: dict[str, list[Contract]]
) -> None:
    replications = assembly.named("AWS::DMS::ReplicationConfig", "ReplicationConfigIdentifier")
    assert replications.keys() == {names.replication(source=source) for source in databases}
    for source, contracts in databases.items():
        replication = replications[names.replication(source=source)]
        assert replication["ReplicationType"] == "full-load-and-cdc"
        assert replication["TableMappings"] == dms.table_mappings(contracts)
        assert replication["ReplicationSettings"] == dms.task_settings(largest_text_kb=1024)
        compute = replication["ComputeConfig"]
        assert (compute["MinCapacityUnits"], compute["MaxCapacityUnits"]) == ENVIRONMENTS["dev"].replication.units
        assert {"KmsKeyId", "ReplicationSubnetGroupId", "VpcSecurityGroupIds"} <= compute.keys()


def test_sources_are_reached_over_tls_with_the_secrets_account(
    assembly: Assembly, endpoints: dict[str, Json], names: Names, databases: dict[str, list[Contract]]
) -> None:
    secrets = {item.properties["Name"]: item.logical_id for item in assembly.resources("AWS::SecretsManager::Secret")}
    for source, contracts in databases.items():
        endpoint = endpoints[names.replication_endpoint(source=source, side="source")]
        assert (endpoint["EngineName"], endpoint["SslMode"]) == ("postgres", "require")
        assert endpoint["DatabaseName"] == contracts[0].source.database
        settings = endpoint["PostgreSqlSettings"]
        assert text(settings["SecretsManagerSecretId"]) == f"<{secrets[names.source_secret(source=source)]}>"
        assert settings["FailTasksOnLobTruncation"] is True


def test_targets_write_to_stage_as_lakehouse_dms_says(
    endpoints: dict[str, Json], names: Names, databases: dict[str, list[Contract]]
) -> None:
    for source in databases:
        settings = endpoints[names.replication_endpoint(source=source, side="target")]["S3Settings"]
        expected = dms.s3_settings(
            source=source,
            bucket=names.bucket(Zone.STAGE),
            batch_interval_s=ENVIRONMENTS["dev"].replication.interval_seconds,
        )
        assert expected.items() <= settings.items()
        assert settings["EncryptionMode"] == "sse-kms"
        assert settings["ExpectedBucketOwner"] == names.account


@pytest.mark.parametrize(
    "change", [lambda source: replace(source, database="elsewhere"), lambda source: replace(source, type="mysql")]
)
def test_contracts_of_one_source_agree_on_its_database(
    names: Names, contracts: list[Contract], change: Callable[[Source], Source]
) -> None:
    first, *others = by_source(contracts, "postgresql")["shop"]
    with pytest.raises(ValueError, match="source shop must be one database"):
        add(names, [replace(first, source=change(first.source)), *others])


def test_no_value_is_cut_and_no_record_left_out_in_silence() -> None:
    settings = dms.task_settings(largest_text_kb=64)
    assert settings["TargetMetadata"]["SupportLobs"] is True
    assert settings["TargetMetadata"]["LobMaxSize"] == 64
    assert set(settings["ErrorBehavior"].values()) == {"SUSPEND_TABLE"}


def test_an_instance_runs_the_same_replications_as_tasks(
    databases: dict[str, list[Contract]], names: Names, tmp_path: Path
) -> None:
    found = synthesized(tmp_path, names, databases["shop"], instance_class="dms.t3.medium")
    assert not found.resources("AWS::DMS::ReplicationConfig")
    [instance] = found.resources("AWS::DMS::ReplicationInstance")
    assert instance.properties["ReplicationInstanceIdentifier"] == names.replication_instance
    assert instance.properties["ReplicationInstanceClass"] == "dms.t3.medium"
    assert instance.properties["PubliclyAccessible"] is False
    assert {"KmsKeyId", "ReplicationSubnetGroupIdentifier", "VpcSecurityGroupIds"} <= instance.properties.keys()
    [task] = found.resources("AWS::DMS::ReplicationTask")
    assert task.properties["ReplicationTaskIdentifier"] == names.replication(source="shop")
    assert task.properties["MigrationType"] == "full-load-and-cdc"
    assert json.loads(task.properties["TableMappings"]) == dms.table_mappings(databases["shop"])
    assert json.loads(task.properties["ReplicationTaskSettings"]) == dms.task_settings(largest_text_kb=1024)


@pytest.fixture
def mysql(databases: dict[str, list[Contract]]) -> list[Contract]:
    return [
        replace(contract, source=replace(contract.source, type="mysql", schema=contract.source.database))
        for contract in databases["shop"]
    ]


def test_mysql_is_reached_over_tls_that_is_verified(mysql: list[Contract], names: Names, tmp_path: Path) -> None:
    authority = tmp_path / "authority.pem"
    authority.write_text("-----BEGIN CERTIFICATE-----")
    found = synthesized(tmp_path / "out", names, mysql, certificate_files={"shop": str(authority)})
    endpoint = found.named("AWS::DMS::Endpoint", "EndpointIdentifier")[
        names.replication_endpoint(source="shop", side="source")
    ]
    [certificate] = found.resources("AWS::DMS::Certificate")
    assert certificate.properties["CertificatePem"] == authority.read_text()
    assert (endpoint["EngineName"], endpoint["SslMode"]) == ("mysql", "verify-ca")
    assert text(endpoint["CertificateArn"]) == f"<{certificate.logical_id}>"
    assert {"SecretsManagerSecretId", "SecretsManagerAccessRoleArn"} <= endpoint["MySqlSettings"].keys()
    [secret] = found.resources("AWS::SecretsManager::Secret")
    assert json.loads(secret.properties["GenerateSecretString"]["SecretStringTemplate"])["port"] == 3306


def test_mysql_without_a_certificate_is_refused(mysql: list[Contract], names: Names, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="source shop uses TLS with verify-ca, which needs the certificate"):
        synthesized(tmp_path, names, mysql)


def test_a_sample_source_is_private_encrypted_and_ready_for_replication(
    databases: dict[str, list[Contract]], names: Names, tmp_path: Path
) -> None:
    found = synthesized(tmp_path, names, databases["shop"], sample_sources=("shop",))
    [instance] = found.resources("AWS::RDS::DBInstance")
    assert instance.properties["DBInstanceIdentifier"] == names.sample_database(source="shop")
    assert instance.properties["DBName"] == databases["shop"][0].source.database
    assert (instance.properties["StorageEncrypted"], instance.properties["PubliclyAccessible"]) == (True, False)
    assert instance.definition["DeletionPolicy"] == "Delete"
    [parameters] = found.resources("AWS::RDS::DBParameterGroup")
    assert parameters.properties["Parameters"]["rds.logical_replication"] == "1"
    assert parameters.properties["Parameters"]["rds.force_ssl"] == "1"
    [secret] = found.resources("AWS::SecretsManager::Secret")
    assert secret.properties["Name"] == names.source_secret(source="shop")
    [attached] = found.resources("AWS::SecretsManager::SecretTargetAttachment")
    endpoint = found.named("AWS::DMS::Endpoint", "EndpointIdentifier")[
        names.replication_endpoint(source="shop", side="source")
    ]
    assert text(endpoint["PostgreSqlSettings"]["SecretsManagerSecretId"]) == f"<{attached.logical_id}>"
    rules = [
        rule.properties
        for rule in found.resources("AWS::EC2::SecurityGroupIngress")
        if text(rule.properties["GroupId"]).startswith("<Sample")
    ]
    assert [(rule["FromPort"], rule["ToPort"]) for rule in rules] == [(5433, 5433)]
    assert text(rules[0]["SourceSecurityGroupId"]).startswith("<Replications")


def synthesized(outdir: Path, names: Names, contracts: list[Contract], **replication: Any) -> Assembly:
    """A deployment of `dev` with other choices of replication, under cdk-nag's rules."""
    settings = settings_of("dev")
    app = App(context=CONTEXT, outdir=str(outdir))
    add_lakehouse(
        app,
        names=names,
        settings=replace(settings, replication=replace(settings.replication, **replication)),
        contracts=contracts,
        root=cdk_entry.ROOT,
    )
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    app.synth()
    return Assembly(outdir)


def add(names: Names, contracts: list[Contract]) -> None:
    add_lakehouse(
        App(context=CONTEXT), names=names, settings=ENVIRONMENTS["dev"], contracts=contracts, root=cdk_entry.ROOT
    )
