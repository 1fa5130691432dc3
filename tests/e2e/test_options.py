"""What dev has switched off and a setting switches on, by the real CDK CLI: an instance, a sample, Kafka, ways out."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest
from aws_cdk import App

from app import ROOT
from emulator.runtime import server_lifecycle
from lakehouse.contracts.loader import load_contracts
from lakehouse.contracts.model import Contract, Source
from lakehouse.names import Names
from local import cdk
from stacks.ingestion.stack import Ingestion
from stacks.kafka.stack import Kafka
from stacks.lakehouse import by_source
from stacks.network.stack import Network
from stacks.settings import Settings, settings_of
from stacks.storage.stack import Storage

pytestmark = pytest.mark.e2e

CONTEXT = json.loads((ROOT / "cdk.json").read_text())["context"]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[server_lifecycle.Server]:
    root = tmp_path_factory.mktemp("options")
    yield server_lifecycle.up(root)
    server_lifecycle.down(root)


@pytest.fixture(scope="module")
def names(server: server_lifecycle.Server) -> Names:
    return Names(environment="dev", account=server.account, region=server.region)


@pytest.fixture(scope="module")
def settings() -> Settings:
    chosen = settings_of("dev")
    return replace(
        chosen,
        network=replace(chosen.network, nat_gateways=1),
        streaming=replace(chosen.streaming, kafka="msk-serverless"),
        replication=replace(chosen.replication, instance_class="dms.t3.medium", sample_sources=("shop",)),
    )


@pytest.fixture(scope="module")
def contracts() -> list[Contract]:
    found = load_contracts(ROOT / "contracts")
    page_views = next(contract for contract in found if contract.dataset == "page_views")
    events = replace(page_views, dataset="payments", source=Source(name="bus", type="kafka", format="jsonl"))
    return [*found, events]


@pytest.fixture(scope="module")
def assembly(tmp_path_factory: pytest.TempPathFactory, names: Names, settings: Settings, contracts: Any) -> Path:
    """The stacks that these settings are about, and what they need."""
    outdir = tmp_path_factory.mktemp("cdk") / "out"
    app = App(context=CONTEXT, outdir=str(outdir))
    storage = Storage(app, names=names, settings=settings)
    network = Network(app, names=names, settings=settings, flow_logs=storage.access_logs)
    common: dict[str, Any] = {"names": names, "settings": settings, "key": storage.key, "network": network}
    Ingestion(app, databases=by_source(contracts, "postgresql"), **common)
    Kafka(app, sources=by_source(contracts, "kafka"), **common)
    app.synth()
    return outdir


@pytest.fixture
def client(server: server_lifecycle.Server, monkeypatch: pytest.MonkeyPatch) -> Any:
    for name, value in server_lifecycle.environment(server).items():
        monkeypatch.setenv(name, value)
    return boto3.Session().client


@pytest.mark.slow
def test_what_settings_switch_on_is_deployed_and_destroyed(
    server: server_lifecycle.Server, assembly: Path, names: Names, client: Any
) -> None:
    cdk.run(server, "bootstrap", f"aws://{server.account}/{server.region}", folder=server.root)
    cdk.run(server, "deploy", "--all", "--app", str(assembly), "--require-approval", "never")

    dms, secrets = client("dms"), client("secretsmanager")
    [instance] = dms.describe_replication_instances()["ReplicationInstances"]
    [task] = dms.describe_replication_tasks()["ReplicationTasks"]
    assert task["ReplicationInstanceArn"] == instance["ReplicationInstanceArn"]
    assert (task["ReplicationTaskIdentifier"], task["Status"]) == (names.replication(source="shop"), "ready")
    [database] = client("rds").describe_db_instances()["DBInstances"]
    assert database["DBInstanceIdentifier"] == names.sample_database(source="shop")
    secret = json.loads(secrets.get_secret_value(SecretId=names.source_secret(source="shop"))["SecretString"])
    assert (secret["host"], secret["port"]) == (database["Endpoint"]["Address"], database["Endpoint"]["Port"])
    assert {"username", "password"} <= secret.keys()
    assert [gateway["State"] for gateway in client("ec2").describe_nat_gateways()["NatGateways"]] == ["available"]

    kafka = client("kafka")
    [cluster] = kafka.list_clusters_v2()["ClusterInfoList"]
    arn = cluster["ClusterArn"]
    assert (cluster["ClusterName"], cluster["ClusterType"]) == (names.kafka_cluster(source="bus"), "SERVERLESS")
    assert "CreateVpcConnection" in kafka.get_cluster_policy(ClusterArn=arn)["Policy"]
    assert kafka.get_bootstrap_brokers(ClusterArn=arn)["BootstrapBrokerStringSaslIam"].endswith(":9098")
    stream = client("firehose").describe_delivery_stream(DeliveryStreamName=names.topic_delivery(dataset="payments"))
    source = stream["DeliveryStreamDescription"]["Source"]["MSKSourceDescription"]
    assert (source["MSKClusterARN"], source["TopicName"]) == (arn, names.topic(dataset="payments"))

    cdk.run(server, "destroy", "--all", "--app", str(assembly), "--force")
    assert kafka.list_clusters_v2()["ClusterInfoList"] == []
    assert dms.describe_replication_tasks()["ReplicationTasks"] == []
    assert dms.describe_replication_instances()["ReplicationInstances"] == []
