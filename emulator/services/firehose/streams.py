"""Firehose streams in the API: Kafka sources, which ministack does not store, and settings that are not supported."""

from collections.abc import Mapping
from typing import Any

from ministack.services import firehose  # type: ignore[import-untyped]

from emulator.services.firehose.files import COMPRESSIONS

_create = firehose._create_delivery_stream
_describe = firehose._build_description


def install() -> None:
    """Refuse settings that would be ignored, and store the Kafka source of a stream."""
    firehose._create_delivery_stream = firehose._HANDLERS["CreateDeliveryStream"] = create
    firehose._build_description = describe


def create(request: dict[str, Any]) -> Any:
    """Create a stream as CreateDeliveryStream does."""
    config = request.get("ExtendedS3DestinationConfiguration", {})
    if config.get("DataFormatConversionConfiguration", {}).get("Enabled"):
        return firehose._invalid("the emulator does not convert records (DataFormatConversionConfiguration)")
    compression = config.get("CompressionFormat", "UNCOMPRESSED")
    if compression not in COMPRESSIONS:
        return firehose._invalid(f"the emulator does not support the compression {compression}: use GZIP")
    response = _create(request)
    source = request.get("MSKSourceConfiguration")
    if response[0] == 200 and source:
        firehose._streams[request["DeliveryStreamName"]]["msk_source"] = source
    return response


def describe(stream: Mapping[str, Any]) -> dict[str, Any]:
    """Return a stream's description, including its Kafka source."""
    description: dict[str, Any] = _describe(stream)
    if source := stream.get("msk_source"):
        description["Source"] = {"MSKSourceDescription": source | {"DeliveryStartTimestamp": stream["created_at"]}}
    return description
