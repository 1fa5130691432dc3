"""Firehose streams into stage: compressed files of whole lines, under the prefix of each dataset."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesisfirehose as firehose
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from constructs import Construct

from lakehouse.names import Zone
from stacks.iam.acknowledge import acknowledge
from stacks.iam.firehose import WHY_DELIVERY_WILDCARDS, delivery_statements
from stacks.iam.roles import add_inline_role, trusted_service
from stacks.settings import Settings
from stacks.stack import LakehouseStack

LOG_STREAM = "errors"
DAY_FOLDERS = "!{timestamp:yyyy/MM/dd}/"


class Delivery(Construct):
    """A Firehose stream with its role and its log group.

    Records are written unchanged, each followed by a line feed.

    Args:
        name: name of the stream.
        source: returns the arguments of `CfnDeliveryStream` that describe the source, given the ARN of the role.
        reads: statements that allow the role to read the source.
        prefix: prefix of the files in stage; ends with `/`, may name partition keys.
        folders: all values that `prefix` can have.
        partition_keys: jq object that finds the partition keys in a record; None if `prefix` names none.

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
        self._key, self._settings = key, settings
        log_group = stack.names.delivery_log_group(delivery=name)
        undelivered = f"{stack.names.undelivered_prefix}{name}/"
        writes = delivery_statements(
            stack,
            folders=[*folders, undelivered],
            log_stream_arn=stack.arn("logs", resource=f"log-group:{log_group}:log-stream:{LOG_STREAM}"),
            key=key,
        )
        role = add_inline_role(
            self,
            "Role",
            trusted=trusted_service(stack, "firehose"),
            statements=[*reads, *writes],
            why_wildcards=WHY_DELIVERY_WILDCARDS,
        )
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


def _processors(partition_keys: str | None) -> list[dict[str, Any]]:
    """Return the processors that find the partition keys and end each line; Firehose does not separate records."""
    processors = [_processor("AppendDelimiterToRecord", Delimiter="\\n")]
    if partition_keys is not None:
        extraction = {"MetadataExtractionQuery": partition_keys, "JsonParsingEngine": "JQ-1.6"}
        processors.insert(0, _processor("MetadataExtraction", **extraction))
    return processors


def _processor(kind: str, **parameters: str) -> dict[str, Any]:
    return {
        "type": kind,
        "parameters": [{"parameterName": name, "parameterValue": value} for name, value in parameters.items()],
    }
