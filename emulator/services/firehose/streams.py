"""Firehose streams as the API describes them: sources that ministack forgets, settings that nothing here obeys."""

from collections.abc import Mapping
from typing import Any

from ministack.services import firehose  # type: ignore[import-untyped]

from emulator.services.firehose.files import COMPRESSIONS

_create = firehose._create_delivery_stream
_describe = firehose._build_description


def install() -> None:
    """Refuse by name what would be silently ignored, and keep a Kafka source with its stream."""
    firehose._create_delivery_stream = firehose._HANDLERS["CreateDeliveryStream"] = create
    firehose._build_description = describe


def create(request: dict[str, Any]) -> Any:
    """CreateDeliveryStream."""
    config = request.get("ExtendedS3DestinationConfiguration", {})
    if config.get("DataFormatConversionConfiguration", {}).get("Enabled"):
        return firehose._invalid("the embedded Firehose does not convert records (DataFormatConversionConfiguration)")
    compression = config.get("CompressionFormat", "UNCOMPRESSED")
    if compression not in COMPRESSIONS:
        return firehose._invalid(f"the embedded Firehose does not compress by {compression}: use GZIP")
    response = _create(request)
    source = request.get("MSKSourceConfiguration")
    if response[0] == 200 and source:
        firehose._streams[request["DeliveryStreamName"]]["msk_source"] = source
    return response


def describe(stream: Mapping[str, Any]) -> dict[str, Any]:
    """A stream's description, its Kafka source included."""
    description: dict[str, Any] = _describe(stream)
    if source := stream.get("msk_source"):
        description["Source"] = {"MSKSourceDescription": source | {"DeliveryStartTimestamp": stream["created_at"]}}
    return description
