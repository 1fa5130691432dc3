"""Replication of source databases: what DMS is told is what the contracts and `lakehouse.dms` say."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from aws_cdk import App

import app as cdk_entry
from lakehouse import dms
from lakehouse.contract import Contract, Source
from lakehouse.names import Names, Zone
from stacks.lakehouse import add_lakehouse, by_source
from stacks.settings import ENVIRONMENTS
from tests.infrastructure.assembly import Assembly, Json, text
from tests.infrastructure.conftest import CONTEXT


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


def test_a_database_that_no_endpoint_knows_is_refused_by_name(names: Names, contracts: list[Contract]) -> None:
    mysql = [
        replace(contract, source=replace(contract.source, type="mysql"))
        for contract in by_source(contracts, "postgresql")["shop"]
    ]
    with pytest.raises(ValueError, match=r"source shop is mysql \w+: expected a database of postgresql"):
        add(names, mysql)


def add(names: Names, contracts: list[Contract]) -> None:
    add_lakehouse(
        App(context=CONTEXT), names=names, settings=ENVIRONMENTS["dev"], contracts=contracts, root=cdk_entry.ROOT
    )
