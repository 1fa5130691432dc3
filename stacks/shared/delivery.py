"""One Firehose stream into stage: compressed files of whole lines, under each dataset's prefix."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from aws_cdk import ArnFormat
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesisfirehose as firehose
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from constructs import Construct

from lakehouse.names import Zone
from stacks.iam.acknowledge import acknowledge, acknowledge_wildcards
from stacks.settings import Settings
from stacks.stack import LakehouseStack

LOG_STREAM = "errors"
DAY_FOLDERS = "!{timestamp:yyyy/MM/dd}/"
# After a failure Firehose reads what it has written of an object, and gives up unfinished uploads.
WRITE_ACTIONS = ["s3:AbortMultipartUpload", "s3:GetObject", "s3:ListMultipartUploadParts", "s3:PutObject"]
BUCKET_ACTIONS = ["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"]


class Delivery(Construct):
    """A Firehose stream with its role and its log group.

    Records are written as they came, each with a line feed after it.

    Args:
        name: the stream's name.
        source: how `CfnDeliveryStream` is told of the source, given the ARN of the role that reads it.
        reads: what the role may do with the source.
        prefix: where in stage the files go; ends with `/`, may name partition keys.
        folders: all that `prefix` can become.
        partition_keys: jq object that finds the partition keys in a record; None where `prefix` names none.

    Source: Amazon Data Firehose developer guide, "Partition streaming data", "Grant Firehose access to an Amazon S3
    destination".
    """

    def __init__(
        self,
        stack: LakehouseStack,
        construct_id: str,
        *,
        name: str,
        source: Callable[[str], Mapping[str, Any]],
        reads: Sequence[iam.PolicyStatement],
        prefix: str,
        folders: Sequence[str],
        settings: Settings,
        key: kms.IKey,
        partition_keys: str | None = None,
    ) -> None:
        super().__init__(stack, construct_id)
        self._stack, self._key, self._settings = stack, key, settings
        log_group = stack.names.delivery_log_group(delivery=name)
        undelivered = f"{stack.names.undelivered_prefix}{name}/"
        role = self._role([*reads, *self._writes([*folders, undelivered], log_group=log_group)])
        stream = firehose.CfnDeliveryStream(
            self,
            "Stream",
            delivery_stream_name=name,
            extended_s3_destination_configuration=firehose.CfnDeliveryStream.ExtendedS3DestinationConfigurationProperty(
                bucket_arn=stack.s3_arn(stack.names.bucket(Zone.STAGE)),
                role_arn=role.role_arn,
                prefix=prefix + DAY_FOLDERS,
                error_output_prefix=undelivered + "!{firehose:error-output-type}/" + DAY_FOLDERS,
                file_extension=".jsonl.gz",
                compression_format="GZIP",
                buffering_hints={
                    "intervalInSeconds": settings.streaming.buffer_seconds,
                    "sizeInMBs": settings.streaming.buffer_mib,
                },
                encryption_configuration={"kmsEncryptionConfig": {"awskmsKeyArn": key.key_arn}},
                cloud_watch_logging_options={
                    "enabled": True,
                    "logGroupName": log_group,
                    "logStreamName": LOG_STREAM,
                },
                dynamic_partitioning_configuration={"enabled": True} if partition_keys else None,
                processing_configuration={"enabled": True, "processors": _processors(partition_keys)},
            ),
            **source(role.role_arn),
        )
        stream.node.add_dependency(self._log(log_group))
        acknowledge(
            stream,
            "AwsSolutions-KDF1",
            reason="The setting is for records that are put to Firehose itself. This stream has a source that encrypts "
            "its records; what Firehose writes is encrypted with the lakehouse's key.",
        )

    def _log(self, name: str) -> logs.CfnLogStream:
        group = logs.LogGroup(
            self,
            "Log",
            log_group_name=name,
            retention=self._settings.retention.logs,
            encryption_key=self._key,
            removal_policy=self._settings.removal_policy,
        )
        return logs.CfnLogStream(self, "Errors", log_group_name=group.log_group_name, log_stream_name=LOG_STREAM)

    def _role(self, statements: list[iam.PolicyStatement]) -> iam.Role:
        role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("firehose.amazonaws.com"),
            inline_policies={"use": iam.PolicyDocument(statements=statements)},
        )
        acknowledge_wildcards(
            role,
            statements,
            reason="Firehose names the files that it writes and the consumer groups that it reads as: the role is held "
            "to the folders of this stream's datasets, and to one cluster.",
        )
        return role

    def _writes(self, folders: Sequence[str], *, log_group: str) -> list[iam.PolicyStatement]:
        stack, bucket = self._stack, self._stack.names.bucket(Zone.STAGE)
        log_stream = stack.format_arn(
            service="logs",
            resource="log-group",
            resource_name=f"{log_group}:log-stream:{LOG_STREAM}",
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )
        objects = [stack.s3_arn(f"{bucket}/{folder}*") for folder in folders]
        return [
            iam.PolicyStatement(actions=WRITE_ACTIONS, resources=objects),
            iam.PolicyStatement(actions=BUCKET_ACTIONS, resources=[stack.s3_arn(bucket)]),
            iam.PolicyStatement(actions=["kms:Decrypt", "kms:GenerateDataKey"], resources=[self._key.key_arn]),
            iam.PolicyStatement(actions=["logs:PutLogEvents"], resources=[log_stream]),
        ]


def _processors(partition_keys: str | None) -> list[dict[str, Any]]:
    """Find the partition keys, and end each record's line: Firehose itself puts nothing between records."""
    processors = [_processor("AppendDelimiterToRecord", Delimiter="\\n")]
    if partition_keys is not None:
        extraction = {"MetadataExtractionQuery": partition_keys, "JsonParsingEngine": "JQ-1.6"}
        processors.insert(0, _processor("MetadataExtraction", **extraction))
    return processors


def _processor(kind: str, **parameters: str) -> dict[str, Any]:
    given = [{"parameterName": name, "parameterValue": value} for name, value in parameters.items()]
    return {"type": kind, "parameters": given}
