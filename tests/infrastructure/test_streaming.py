"""Streams: each event goes under the prefix of its contract and into no other, and none is lost unseen."""

import json
from dataclasses import replace
from pathlib import Path

import jq  # type: ignore[import-not-found]
import pytest
from aws_cdk import App, Validations
from cdk_nag import AwsSolutionsChecks

from app import ROOT
from lakehouse.contracts.model import Contract, Source
from lakehouse.names import Names, Zone
from stacks.lakehouse import add_lakehouse
from stacks.settings import Settings, settings_of
from stacks.streaming.event_stream import PREFIX, partition_keys
from tests.support.templates.assembly import Assembly, Json, text
from tests.support.templates.synthesis import CONTEXT


@pytest.fixture(scope="module")
def destination(assembly: Assembly) -> Json:
    [stream] = assembly.resources("AWS::KinesisFirehose::DeliveryStream")
    found: Json = stream.properties["ExtendedS3DestinationConfiguration"]
    return found


@pytest.fixture
def page_views(contracts: list[Contract]) -> Contract:
    return next(contract for contract in contracts if contract.source.type == "kinesis")


def deployment(outdir: Path, names: Names, settings: Settings, contracts: list[Contract]) -> Assembly:
    app = App(context=CONTEXT, outdir=str(outdir))
    add_lakehouse(app, names=names, settings=settings, contracts=contracts, root=ROOT)
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    app.synth()
    return Assembly(outdir)


def test_a_stream_is_on_demand_and_encrypted_with_our_key(assembly: Assembly, names: Names) -> None:
    [stream] = assembly.resources("AWS::Kinesis::Stream")
    assert stream.properties["Name"] == names.stream(source="web")
    assert stream.properties["StreamModeDetails"] == {"StreamMode": "ON_DEMAND"}
    assert "ShardCount" not in stream.properties
    assert stream.properties["StreamEncryption"]["EncryptionType"] == "KMS"


def test_a_setting_provisions_shards(page_views: Contract, names: Names, tmp_path: Path) -> None:
    settings = settings_of("prod")
    settings = replace(settings, streaming=replace(settings.streaming, shards=2))
    [stream] = deployment(tmp_path, names, settings, [page_views]).resources("AWS::Kinesis::Stream")
    assert (stream.properties["ShardCount"], stream.properties["StreamModeDetails"]) == (
        2,
        {"StreamMode": "PROVISIONED"},
    )


def test_what_firehose_writes(destination: Json, names: Names) -> None:
    assert text(destination["BucketARN"]) == f"arn:aws:s3:::{names.bucket(Zone.STAGE)}"
    assert destination["CompressionFormat"] == "GZIP"
    assert destination["BufferingHints"] == {"IntervalInSeconds": 60, "SizeInMBs": 64}
    assert destination["EncryptionConfiguration"].keys() == {"KMSEncryptionConfig"}
    assert destination["CloudWatchLoggingOptions"]["Enabled"] is True
    assert destination["DynamicPartitioningConfiguration"] == {"Enabled": True}
    assert destination["ErrorOutputPrefix"].startswith(names.undelivered_prefix)
    processors = {item["Type"]: item["Parameters"] for item in destination["ProcessingConfiguration"]["Processors"]}
    # Neither a transformation nor a deaggregation: what is in stage is what was sent.
    assert processors.keys() == {"MetadataExtraction", "AppendDelimiterToRecord"}
    assert processors["AppendDelimiterToRecord"] == [{"ParameterName": "Delimiter", "ParameterValue": "\\n"}]
    [query] = [item for item in processors["MetadataExtraction"] if item["ParameterName"] == "MetadataExtractionQuery"]
    assert '"web": "page_views"' in query["ParameterValue"]


def test_an_event_goes_under_the_prefix_of_its_contract(page_views: Contract) -> None:
    others = [replace(page_views, dataset="orders_placed", domain="sales"), replace(page_views, dataset="a")]
    program = jq.compile(partition_keys([page_views, *others]))
    for contract in (page_views, *others):
        keys = program.input_value({"dataset": contract.dataset, "any": [1]}).first()
        prefix = PREFIX
        for name, value in keys.items():
            prefix = prefix.replace(f"!{{partitionKeyFromQuery:{name}}}", value)
        assert prefix == contract.stage_prefix


@pytest.mark.parametrize(
    "event",
    [
        {"dataset": "unheard_of"},
        {"dataset": ["page_views"]},
        {"dataset": "page_views,"},
        {"dataset": None},
        {"dataset": 1},
        {},
        [],
    ],
)
def test_an_event_of_no_contract_has_no_partition(page_views: Contract, event: object) -> None:
    with pytest.raises(ValueError, match=r"no contract has this dataset|Cannot index"):
        jq.compile(partition_keys([page_views])).input_text(json.dumps(event)).all()


def test_firehose_writes_where_its_contracts_read_and_nowhere_else(
    assembly: Assembly, names: Names, page_views: Contract
) -> None:
    [role] = [item for item in assembly.resources("AWS::IAM::Role") if item.stack == names.stack("streaming")]
    statements = role.properties["Policies"][0]["PolicyDocument"]["Statement"]
    written = [item["Resource"] for item in statements if "s3:PutObject" in item["Action"]]
    stage = f"arn:aws:s3:::{names.bucket(Zone.STAGE)}"
    assert [{text(resource) for resource in resources} for resources in written] == [
        {f"{stage}/{page_views.domain}/*", f"{stage}/_undelivered/{names.delivery(source='web')}/*"}
    ]


@pytest.fixture
def events(page_views: Contract) -> Contract:
    return replace(page_views, dataset="order_events", source=Source(name="bus", type="kafka", format="jsonl"))


def test_a_kafka_source_has_no_cluster_unless_the_settings_ask(events: Contract, names: Names, tmp_path: Path) -> None:
    found = deployment(tmp_path, names, settings_of("dev"), [events])
    assert not {names.stack("kafka"), names.stack("network"), names.stack("streaming")} & found.templates.keys()


def test_a_kafka_cluster_is_private_and_firehose_reads_each_topic(
    events: Contract, names: Names, tmp_path: Path
) -> None:
    settings = settings_of("prod")
    settings = replace(settings, streaming=replace(settings.streaming, kafka="msk-serverless"))
    found = deployment(tmp_path, names, settings, [events, replace(events, dataset="refunds")])
    [cluster] = found.resources("AWS::MSK::ServerlessCluster")
    assert cluster.properties["ClusterName"] == names.kafka_cluster(source="bus")
    assert cluster.properties["ClientAuthentication"] == {"Sasl": {"Iam": {"Enabled": True}}}
    assert len(cluster.properties["VpcConfigs"][0]["SubnetIds"]) == 2
    [policy] = found.resources("AWS::MSK::ClusterPolicy")
    [statement] = policy.properties["Policy"]["Statement"]
    assert (statement["Principal"], statement["Action"]) == (
        {"Service": "firehose.amazonaws.com"},
        "kafka:CreateVpcConnection",
    )
    streams = found.named("AWS::KinesisFirehose::DeliveryStream", "DeliveryStreamName")
    assert streams.keys() == {names.topic_delivery(dataset=name) for name in ("order_events", "refunds")}
    stream = streams[names.topic_delivery(dataset="order_events")]
    assert stream["MSKSourceConfiguration"]["TopicName"] == names.topic(dataset="order_events")
    assert stream["MSKSourceConfiguration"]["AuthenticationConfiguration"]["Connectivity"] == "PRIVATE"
    destination = stream["ExtendedS3DestinationConfiguration"]
    assert destination["Prefix"].startswith(events.stage_prefix)
    assert "DynamicPartitioningConfiguration" not in destination
