"""Permissions of Firehose: read a Kinesis stream or a Kafka topic, write files to stage."""

from collections.abc import Iterable

from aws_cdk import Fn
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms

from lakehouse.names import Zone
from stacks.iam.statements import allow, use_key
from stacks.stack import LakehouseStack

READ_STREAM = ["DescribeStream", "GetRecords", "GetShardIterator", "ListShards"]
READ_CLUSTER = ["kafka:DescribeCluster", "kafka:DescribeClusterV2", "kafka:GetBootstrapBrokers"]
READ_CLUSTER += ["kafka-cluster:Connect"]
READ_TOPIC = ["DescribeTopic", "DescribeTopicDynamicConfiguration", "ReadData"]
# After a failure Firehose reads what it has written of an object, and aborts unfinished uploads.
WRITE_OBJECTS = ["s3:AbortMultipartUpload", "s3:GetObject", "s3:ListMultipartUploadParts", "s3:PutObject"]
READ_BUCKET = ["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"]
WHY_DELIVERY_WILDCARDS = (
    "Firehose names the files that it writes and the consumer groups that it reads as: the role is limited to the "
    "folders of the domains of this stream's datasets, and to one cluster."
)


def delivery_statements(
    stack: LakehouseStack, *, folders: Iterable[str], log_stream_arn: str, key: kms.IKey
) -> list[iam.PolicyStatement]:
    """Return the statements to write files to stage.

    Args:
        stack: the stack of the Firehose stream.
        folders: the folders of stage that it writes to.
        log_stream_arn: ARN of the log stream of delivery errors.
        key: the key of stage.
    """
    bucket = stack.names.bucket(Zone.STAGE)
    return [
        allow(actions=WRITE_OBJECTS, resources=[stack.s3_arn(f"{bucket}/{folder}*") for folder in folders]),
        allow(actions=READ_BUCKET, resources=[stack.s3_arn(bucket)]),
        use_key(key, sid=None),
        allow(actions=["logs:PutLogEvents"], resources=[log_stream_arn]),
    ]


def stream_statements(stream_arn: str) -> list[iam.PolicyStatement]:
    """Return the statements to read a Kinesis stream."""
    return [allow(service="kinesis", actions=READ_STREAM, resources=[stream_arn])]


def topic_statements(stack: LakehouseStack, topic: str, *, cluster_arn: str) -> list[iam.PolicyStatement]:
    """Return the statements to read a Kafka topic.

    Source: Amazon Data Firehose developer guide, "Grant Firehose access to Amazon MSK".
    """
    # ARNs end in cluster/NAME/UUID, for topics in topic/NAME/UUID/TOPIC, for groups in group/NAME/UUID/GROUP.
    cluster = Fn.select(1, Fn.split(":cluster/", cluster_arn))
    return [
        allow(actions=READ_CLUSTER, resources=[cluster_arn]),
        allow(
            service="kafka-cluster",
            actions=READ_TOPIC,
            resources=[stack.arn("kafka", resource=f"topic/{cluster}/{topic}")],
        ),
        allow(actions=["kafka-cluster:DescribeGroup"], resources=[stack.arn("kafka", resource=f"group/{cluster}/*")]),
    ]
