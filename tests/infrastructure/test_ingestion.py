"""Replication of source databases: what DMS is told is what the contracts and `lakehouse.dms` say."""

from dataclasses import replace
from pathlib import Path

import pytest
from aws_cdk import App

import app as cdk_entry
from lakehouse import dms
from lakehouse.contract import Contract
from lakehouse.names import Names, Zone
from stacks.lakehouse import add_lakehouse, by_database
from stacks.settings import ENVIRONMENTS
from tests.infrastructure.assembly import Assembly, Json, text
from tests.infrastructure.conftest import CONTEXT, synth


@pytest.fixture(scope="module")
def endpoints(assembly: Assembly) -> dict[str, Json]:
    return assembly.named("AWS::DMS::Endpoint", "EndpointIdentifier")


@pytest.fixture
def databases(contracts: list[Contract]) -> dict[str, list[Contract]]:
    return by_database(contracts)


def test_a_replication_for_each_database_selects_its_contracts_tables(
    assembly: Assembly, names: Names, databases: dict[str, list[Contract]]
) -> None:
    replications = assembly.named("AWS::DMS::ReplicationConfig", "ReplicationConfigIdentifier")
    assert replications.keys() == {names.replication(source=source) for source in databases}
    for source, contracts in databases.items():
        replication = replications[names.replication(source=source)]
        assert replication["ReplicationType"] == "full-load-and-cdc"
        assert replication["TableMappings"] == dms.table_mappings(contracts)
        compute = replication["ComputeConfig"]
        assert (compute["MinCapacityUnits"], compute["MaxCapacityUnits"]) == ENVIRONMENTS["dev"].replication_units
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
        assert dms.s3_settings(source=source, bucket=names.bucket(Zone.STAGE)).items() <= settings.items()
        assert settings["EncryptionMode"] == "sse-kms"
        assert settings["ExpectedBucketOwner"] == names.account


def test_the_way_to_the_source_is_a_setting(tmp_path: Path, names: Names) -> None:
    assembly = synth(tmp_path / "out", names, source_ssl_mode="none")
    modes = {
        endpoint["EngineName"]: endpoint.get("SslMode")
        for endpoint in assembly.named("AWS::DMS::Endpoint", "EndpointIdentifier").values()
    }
    assert modes == {"postgres": "none", "s3": None}


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"database": "elsewhere"}, "source shop must be one database"),
        ({"type": "mysql"}, "source shop is mysql .*: expected a database of postgresql"),
    ],
)
def test_a_source_that_cannot_be_replicated_is_refused_by_name(
    names: Names, contracts: list[Contract], changed: dict[str, str], expected: str
) -> None:
    shop = by_database(contracts)["shop"]
    first = replace(shop[0], source=replace(shop[0].source, **changed))
    rest = [] if "type" in changed else shop[1:]
    with pytest.raises(ValueError, match=expected):
        add_lakehouse(
            App(context=CONTEXT),
            names=names,
            settings=ENVIRONMENTS["dev"],
            contracts=[first, *rest],
            root=cdk_entry.ROOT,
        )
