"""Partition keys of records, which the processors of a stream extract."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import jq  # type: ignore[import-not-found]
from ministack.services import firehose  # type: ignore[import-untyped]


def keys_of(config: Mapping[str, Any], record: bytes) -> dict[str, str]:
    """Return the partition keys that a destination's jq query extracts from a record.

    There are none without dynamic partitioning.

    Args:
        config: an extended S3 destination, in the form of the API.
        record: the data of the record.

    Raises:
        firehose._DeliveryError: the record is not JSON or a key is missing, so it belongs under the error prefix.
    """
    query = parameter(config, "MetadataExtraction", "MetadataExtractionQuery")
    if query is None or not config.get("DynamicPartitioningConfiguration", {}).get("Enabled"):
        return {}
    try:
        results = _program(query).input_text(record.decode()).all()
    except ValueError as error:
        raise _undeliverable(str(error)) from error
    if len(results) != 1 or not isinstance(results[0], dict):
        raise _undeliverable(f"the query returned {len(results)} results: expected one object from one JSON record")
    keys = results[0]
    if missing := [name for name, value in keys.items() if not isinstance(value, str | int | float) or value == ""]:
        raise _undeliverable(f"no value for the partition key {', '.join(missing)}")
    return {name: value if isinstance(value, str) else str(value) for name, value in keys.items()}


def parameter(config: Mapping[str, Any], processor: str, name: str) -> str | None:
    """Return a parameter of a destination's processor; None without that processor."""
    processing = config.get("ProcessingConfiguration", {})
    if not processing.get("Enabled"):
        return None
    for definition in processing.get("Processors", []):
        if definition["Type"] == processor:
            for entry in definition.get("Parameters", []):
                if entry["ParameterName"] == name:
                    return str(entry["ParameterValue"])
    return None


def _undeliverable(reason: str) -> Exception:
    error: Exception = firehose._DeliveryError("processing-failed", f"Metadata extraction failed: {reason}")
    return error


@lru_cache(maxsize=64)
def _program(query: str) -> Any:
    return jq.compile(query)
